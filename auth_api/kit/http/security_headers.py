"""Security headers of every response, by path (OWASP HTTP Headers Cheat Sheet; ASVS 5.0 V3.4)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from auth_api.kit.http.oauth_paths import OAUTH_PREFIX

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

# Only files, forms and the API of this server. A script can write only text into the page (W3C Trusted Types).
_PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src {images}; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

# A document of others, as the HTML part of a mail or a logo in SVG, may use its own styles and nothing else; `sandbox`
# gives it an opaque origin.
_FOREIGN_POLICY: Final = (
    b"sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)

_NO_STORE: Final = (b"cache-control", b"no-store")
_SAME_ORIGIN_REFERRER: Final = (b"referrer-policy", b"same-origin")
HSTS_ONE_YEAR: Final = b"max-age=31536000"


class PageKind(StrEnum):
    """A kind of page, which determines the headers of its responses.

    `DOCUMENT` has no form. `SIGN_IN` pages may be part of a sign-in in a pop-up window, which `COOP` would cut off from
    the window that opened it; `ACCOUNT` pages are not. A form sends its origin, which the server checks, only under a
    referrer policy that reveals it to this server.
    """

    DOCUMENT = "document"
    SIGN_IN = "sign_in"
    ACCOUNT = "account"


class SecurityHeaders:
    """Chooses the headers of a response by the kind of page, or by its path.

    Args:
        https_only: add `Strict-Transport-Security`, since in production every client uses HTTPS.
        image_origin: the origin of the brand's logo; empty if this server has it.

    Attributes:
        pages: the headers of the pages of this server.
    """

    def __init__(self, *, https_only: bool, image_origin: str = "") -> None:
        common = (*_ALWAYS, (b"strict-transport-security", HSTS_ONE_YEAR)) if https_only else _ALWAYS
        page = (*common, (b"cross-origin-opener-policy", b"same-origin"))
        images = " ".join(filter(None, ("'self'", "data:", image_origin)))
        policy = (b"content-security-policy", _PAGE_POLICY.format(images=images).encode())
        own_page = (*page, policy)
        sign_in = (
            *(line for line in common if line[0] != b"referrer-policy"),
            _SAME_ORIGIN_REFERRER,
            policy,
            _NO_STORE,
        )
        self.pages: Mapping[PageKind, Headers] = {
            PageKind.DOCUMENT: (*own_page, _NO_STORE),
            PageKind.SIGN_IN: sign_in,
            PageKind.ACCOUNT: (*sign_in, (b"cross-origin-opener-policy", b"same-origin")),
        }
        self._other: Headers = (*common, (b"content-security-policy", _NO_CONTENT_POLICY))
        api = (*self._other, _NO_STORE)
        self._by_prefix: tuple[tuple[str, Headers], ...] = (
            ("/api", api),
            ("/account", api),
            ("/metrics", api),
            (OAUTH_PREFIX, api),
            ("/schema", (*common, (b"content-security-policy", _DOCS_POLICY))),
            ("/dev/mailbox/html", (*page, (b"content-security-policy", _FOREIGN_POLICY), _NO_STORE)),
            ("/dev/", self.pages[PageKind.DOCUMENT]),
            ("/assets/brand-logo", (*common, (b"content-security-policy", _FOREIGN_POLICY))),
            ("/errors", own_page),
        )

    def for_path(self, path: str) -> Headers:
        """Return the headers of a response to a request for this path."""
        for prefix, headers in self._by_prefix:
            if path.startswith(prefix):
                return headers
        return self._other
