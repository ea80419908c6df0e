"""The form of URIs to which browsers are sent back."""

import re
from typing import Final
from urllib.parse import unquote

MAX_URIS: Final = 20
MAX_URI_CHARACTERS: Final = 512

LOOPBACK_HOSTS: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})

_MAX_PORT: Final = 65535

_CHARACTER: Final = r"(?:[A-Za-z0-9._~!$&'()+,;=:@-]|%[0-9A-Fa-f]{2})"
"""Of a path (RFC 3986 §3.3), without the asterisk, which looks like a wildcard."""

_URI: Final = re.compile(
    rf"""
    (?P<scheme> [a-z][a-z0-9+.-]* ) :
    (?: // (?P<host> [A-Za-z0-9.-]* | \[[0-9A-Fa-f:.]+\] ) (?: : (?P<port> [0-9]{{1,5}} ) )?
        (?P<path> (?: / {_CHARACTER}* )* )
      | (?P<rootless> /? {_CHARACTER}+ (?: / {_CHARACTER}* )* ) )
    (?: \? (?: [/?] | {_CHARACTER} )* )?
    """,
    re.VERBOSE,
)

_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost)(?::[0-9]{1,5})?(?=[/?]|\Z)")


def uri_problem(uri: str, *, loopback: bool, private_schemes: bool) -> str:
    """Return why browsers cannot be sent to a URI, in words that follow `Must`; empty if they can.

    Refused are fragments, user information, wildcards, backslashes, control and non-ASCII characters, and dot segments,
    also encoded ones: parsers read them in different ways (RFC 9700 §4.1.3).

    Args:
        uri: the URI.
        loopback: whether it may be `http` on this machine.
        private_schemes: whether it may have a private scheme, which contains a dot (RFC 8252 §7.1).
    """
    found = _URI.fullmatch(uri)
    if found is None or int(found["port"] or 0) > _MAX_PORT or len(uri) > MAX_URI_CHARACTERS:
        return (
            f"be an absolute URI of at most {MAX_URI_CHARACTERS} ASCII characters, without user information, fragment, "
            "`*` and backslash."
        )
    if {".", ".."} & set(unquote(found["path"] or found["rootless"] or "").split("/")):
        return "not contain the segments `.` and `..`."
    scheme, host = found["scheme"], found["host"]
    if (
        (scheme == "https" and host)
        or (scheme == "http" and loopback and host in LOOPBACK_HOSTS)
        or ("." in scheme and private_schemes)
    ):
        return ""
    others = [
        *(["`http` on a loopback host"] if loopback else ()),
        *(["a scheme with a dot"] if private_schemes else ()),
    ]
    return f"have the scheme {', or '.join(['`https`', *others])}."


def without_loopback_port(uri: str) -> str | None:
    """Return a URI of a loopback host without its port; None for other URIs."""
    return _LOOPBACK.sub(r"http://\1", uri, count=1) if _LOOPBACK.match(uri) else None
