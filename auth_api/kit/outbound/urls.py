"""Accept the URLs of other servers."""

from typing import Final
from urllib.parse import urlsplit

_LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_https_url(url: str, *, allows_loopback: bool) -> bool:
    """Return whether a text is an https URL of a host, which all programs understand in the same way.

    Args:
        url: the text.
        allows_loopback: whether an http URL of this machine is accepted, too.
    """
    try:
        parts = urlsplit(url)
        is_plain = url.isascii() and url.isprintable() and not set(url) & set(' \\#"<>')
        is_plain = is_plain and "@" not in parts.netloc and parts.port != 0
    except ValueError:  # the port, or brackets
        return False
    is_secure = parts.scheme == "https" or (
        parts.scheme == "http" and allows_loopback and parts.hostname in _LOOPBACK_NAMES
    )
    return is_plain and bool(parts.hostname) and is_secure
