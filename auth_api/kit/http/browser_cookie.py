"""The cookie that binds sign-ins to the browser in which they were begun."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from auth_api.kit.crypto.tokens import BROWSER_ID, SecretKind, new_token
from auth_api.kit.http.host_cookie import HostCookie

MAX_AGE_SECONDS: Final = 3600

_VALUE: Final = re.compile(rf"{BROWSER_ID.prefix}[A-Za-z0-9_-]{{43}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserCookie(HostCookie):
    """All tabs of a browser share the cookie. It is not a session: its value is worth nothing without a sign-in."""

    base_name: ClassVar[str] = "auth_browser"
    kind: ClassVar[SecretKind] = BROWSER_ID

    def read(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return the value that the browser sent; None if it sent none, several, or one of another form."""
        raw = HostCookie.read(self, headers)
        return raw if raw is not None and _VALUE.fullmatch(raw) else None

    def keep_or_create(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str]:
        """Return the value that the browser sent, or a new one, and the header value that stores it for an hour."""
        raw = self.read(headers) or new_token(BROWSER_ID).raw
        return raw, self.set(raw, MAX_AGE_SECONDS)
