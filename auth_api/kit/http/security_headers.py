"""Headers that every answer carries, and the one policy of the pages that people look at."""

from typing import Final

Headers = tuple[tuple[bytes, bytes], ...]

_ALWAYS: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)

_NOTHING: Final = b"default-src 'none'; frame-ancestors 'none'"

# Litestar's pages start their viewers by an inline script; ReDoc searches in a worker made of a blob.
_DOCS_PAGE: Final = (
    b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)

ONE_YEAR: Final = b"max-age=31536000"


class SecurityHeaders:
    """Chooses by path (OWASP HTTP Headers Cheat Sheet; ASVS 5.0 V3.4).

    Args:
        https_only: add `Strict-Transport-Security`: in production every client comes by https.
    """

    def __init__(self, *, https_only: bool) -> None:
        common = (*_ALWAYS, (b"strict-transport-security", ONE_YEAR)) if https_only else _ALWAYS
        self._pages: Headers = (*common, (b"content-security-policy", _DOCS_PAGE))
        self._other: Headers = (*common, (b"content-security-policy", _NOTHING))
        self._api: Headers = (*self._other, (b"cache-control", b"no-store"))

    def of(self, path: str) -> Headers:
        """Return the headers of an answer at this path."""
        if path.startswith(("/api", "/metrics")):
            return self._api
        return self._pages if path.startswith("/schema") else self._other
