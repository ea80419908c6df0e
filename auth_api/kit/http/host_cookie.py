"""A cookie that belongs to this server only (RFC 6265)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from auth_api.kit.crypto.tokens import SecretKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCookie:
    """Reads a cookie from requests, and returns the values of `Set-Cookie` that set and delete it.

    The prefix `__Host-` lets no other host and no insecure connection set it (RFC 6265bis §4.1.3.2). It requires https,
    which development does without. There the port is part of the name, as all ports of a host share their cookies.

    Attributes:
        base_name: the name without prefix and port.
        kind: what its value is.
        same_site: from which sites browsers send it.
        public_url: where browsers reach the server.
        is_production: whether https is required, whatever `public_url` is.
    """

    base_name: ClassVar[str]
    kind: ClassVar[SecretKind]
    same_site: ClassVar[str] = "Lax"

    public_url: str
    is_production: bool

    @property
    def name(self) -> str:
        """The name of the cookie."""
        if self._is_secure:
            return f"__Host-{self.base_name}"
        return f"{self.base_name}_{urlsplit(self.public_url).port or 80}"

    def read(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return the value that the browser sent.

        Args:
            headers: of the request, with names in lower case.

        Returns:
            None if the browser sent none, or a value of another kind. Also if there are several cookies of the name:
            one of them was not set by this server, and nothing tells which.
        """
        values = self.values(headers)
        return values[0] if len(values) == 1 and values[0].startswith(self.kind.prefix) else None

    def values(self, headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
        """Return all values of cookies with this name. HTTP/2 may split them into several headers (RFC 9113 §8.2.3)."""
        pairs = [
            pair.strip(" ").partition("=")
            for name, value in headers
            if name == b"cookie"
            for pair in value.decode("latin-1").split(";")
        ]
        return [value for name, _, value in pairs if name == self.name]

    def set(self, raw: str, max_age: int | None) -> str:
        """Return the header value that stores the cookie.

        Args:
            raw: its value.
            max_age: for how many seconds the browser keeps it; None if it forgets it when it is closed.
        """
        return self._header(raw, max_age)

    def delete(self) -> str:
        """Return the header value that deletes the cookie."""
        return self._header("", 0)

    @property
    def _is_secure(self) -> bool:
        return self.is_production or self.public_url.startswith("https://")

    def _header(self, value: str, max_age: int | None) -> str:
        parts = [f"{self.name}={value}", "Path=/", "HttpOnly", f"SameSite={self.same_site}"]
        if self._is_secure:
            parts.append("Secure")
        if max_age is not None:
            parts.append(f"Max-Age={max_age}")
        return "; ".join(parts)
