"""Security headers of every response, by path (OWASP HTTP Headers Cheat Sheet; ASVS 5.0 V3.4)."""

from typing import Final

Headers = tuple[tuple[bytes, bytes], ...]

_ALWAYS: Final[Headers] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)

_NO_CONTENT_POLICY: Final = b"default-src 'none'; frame-ancestors 'none'"

# Litestar's pages start their viewers with an inline script; ReDoc searches in a worker that is made from a blob.
_DOCS_POLICY: Final = (
    b"default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"font-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)

# Only files and the API of this server. A script can write only text into the page (W3C Trusted Types).
_PAGE_POLICY: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)

# A document of others, as the HTML part of a mail or a logo in SVG, may use its own styles and nothing else; `sandbox`
# gives it an opaque origin.
_FOREIGN_POLICY: Final = (
    b"sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)

_NO_STORE: Final = (b"cache-control", b"no-store")
HSTS_ONE_YEAR: Final = b"max-age=31536000"


class SecurityHeaders:
    """Chooses the headers of a response by its path.

    Args:
        https_only: add `Strict-Transport-Security`, since in production every client uses HTTPS.

    Attributes:
        page: the headers of a page of this server, for pages at paths that also have other responses.
    """

    def __init__(self, *, https_only: bool) -> None:
        common = (*_ALWAYS, (b"strict-transport-security", HSTS_ONE_YEAR)) if https_only else _ALWAYS
        page = (*common, (b"cross-origin-opener-policy", b"same-origin"))
        own_page = (*page, (b"content-security-policy", _PAGE_POLICY))
        self.page: Headers = (*own_page, _NO_STORE)
        self._other: Headers = (*common, (b"content-security-policy", _NO_CONTENT_POLICY))
        api = (*self._other, _NO_STORE)
        self._by_prefix: tuple[tuple[str, Headers], ...] = (
            ("/api", api),
            ("/metrics", api),
            ("/schema", (*common, (b"content-security-policy", _DOCS_POLICY))),
            ("/account/", self.page),
            ("/dev/mailbox/html", (*page, (b"content-security-policy", _FOREIGN_POLICY), _NO_STORE)),
            ("/dev/", self.page),
            ("/assets/brand-logo", (*common, (b"content-security-policy", _FOREIGN_POLICY))),
            ("/errors", own_page),
        )

    def for_path(self, path: str) -> Headers:
        """Return the headers of a response to a request for this path."""
        for prefix, headers in self._by_prefix:
            if path.startswith(prefix):
                return headers
        return self._other
