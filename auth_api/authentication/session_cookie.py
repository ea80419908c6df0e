"""The cookie by which a browser stays signed in to the pages."""

from dataclasses import dataclass
from typing import ClassVar

from auth_api.kit.crypto.tokens import BROWSER_SESSION, SecretKind
from auth_api.kit.http.host_cookie import HostCookie


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCookie(HostCookie):
    """The cookie of a browser session."""

    base_name: ClassVar[str] = "auth_session"
    kind: ClassVar[SecretKind] = BROWSER_SESSION
