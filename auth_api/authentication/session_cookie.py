"""The cookie by which a browser stays signed in to the pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from auth_api.kit.crypto.tokens import BROWSER_SESSION


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCookie:
    """Reads the cookie from requests, and returns the values of `Set-Cookie` that set and delete it (RFC 6265).

    The prefix `__Host-` lets no other host and no insecure connection set it (RFC 6265bis §4.1.3.2). It requires https,
    which development does without. There the port is part of the name, as all ports of a host share their cookies.

    Attributes:
        public_url: where browsers reach the server.
        is_production: whether https is required, whatever `public_url` is.
        port: the port of the server, if `public_url` names none.
    """

    public_url: str
    is_production: bool
    port: int

    @property
    def name(self) -> str:
        """The name of the cookie."""
        return (
            "__Host-auth_session" if self._is_secure else f"auth_session_{urlsplit(self.public_url).port or self.port}"
        )

    def read(self, headers: Iterable[tuple[bytes, bytes]]) -> str | None:
        """Return the value that the browser sent.

        Args:
            headers: of the request, with names in lower case. HTTP/2 may split the cookies into several headers (RFC
                9113 §8.2.3).

        Returns:
            None if the browser sent none, or a value of another kind. Also if there are several cookies of the name:
            one of them was not set by this server, and nothing tells which.
        """
        pairs = [
            pair.strip(" ").partition("=")
            for name, value in headers
            if name == b"cookie"
            for pair in value.decode("latin-1").split(";")
        ]
        values = [value for name, _, value in pairs if name == self.name]
        return values[0] if len(values) == 1 and values[0].startswith(BROWSER_SESSION.prefix) else None

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
        parts = [f"{self.name}={value}", "Path=/", "HttpOnly", "SameSite=Lax"]
        if self._is_secure:
            parts.append("Secure")
        if max_age is not None:
            parts.append(f"Max-Age={max_age}")
        return "; ".join(parts)
