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

# Our own pages: files of ours and the API of ours. What a script writes can only be text (W3C Trusted Types).
_OWN_PAGE: Final = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)

# A mail as mailboxes show it: its styles and nothing else; `sandbox` gives it an origin of its own.
_MAIL: Final = (
    b"sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    b"frame-ancestors 'none'"
)

_NO_STORE: Final = (b"cache-control", b"no-store")
ONE_YEAR: Final = b"max-age=31536000"


class SecurityHeaders:
    """Chooses by path (OWASP HTTP Headers Cheat Sheet; ASVS 5.0 V3.4).

    Args:
        https_only: add `Strict-Transport-Security`: in production every client comes by https.
    """

    def __init__(self, *, https_only: bool) -> None:
        common = (*_ALWAYS, (b"strict-transport-security", ONE_YEAR)) if https_only else _ALWAYS
        page = (*common, (b"cross-origin-opener-policy", b"same-origin"))
        own_page = (*page, (b"content-security-policy", _OWN_PAGE))
        self._other: Headers = (*common, (b"content-security-policy", _NOTHING))
        api = (*self._other, _NO_STORE)
        self._by_prefix: tuple[tuple[str, Headers], ...] = (
            ("/api", api),
            ("/metrics", api),
            ("/schema", (*common, (b"content-security-policy", _DOCS_PAGE))),
            ("/account/", (*own_page, _NO_STORE)),
            ("/dev/mailbox/html", (*page, (b"content-security-policy", _MAIL), _NO_STORE)),
            ("/dev/", (*own_page, _NO_STORE)),
            ("/errors", own_page),
        )

    def of(self, path: str) -> Headers:
        """Return the headers of an answer at this path."""
        for prefix, headers in self._by_prefix:
            if path.startswith(prefix):
                return headers
        return self._other
