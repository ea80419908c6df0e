"""Origins of web pages (RFC 6454), in the form in which browsers send them."""

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

MAX_PORT: Final = 65535

_ORIGIN: Final = re.compile(r"([a-z][a-z0-9+.-]*)://([a-z0-9._-]+|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?")
_LOOPBACK: Final = re.compile(rb"https?://(?:localhost|127\.0\.0\.1|\[::1\])(?::[1-9][0-9]{0,4})?")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}
_PUBLIC_SECOND_LEVELS: Final = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
_NUMERIC_LABEL: Final = re.compile(r"[0-9]+|0x[0-9a-f]*")


def parse_origin(text: str) -> str:
    """Return an origin that a browser can send, with any scheme: `capacitor://localhost` is the origin of an app.

    Raises:
        ValueError: no browser sends this origin, so that it would never match.
    """
    parts = _ORIGIN.fullmatch(text)
    if parts is None:
        message = (
            "must be an origin as browsers send it: scheme://host or scheme://host:port, in lower case, "
            "without a path and without '*'"
        )
        raise ValueError(message)
    scheme, host, port = parts.groups()
    if port is not None and port == _DEFAULT_PORTS.get(scheme):
        message = f"must not contain the default port: browsers leave out :{port}"
        raise ValueError(message)
    if port is not None and int(port) > MAX_PORT:
        message = f"must have a port of 1 to {MAX_PORT}"
        raise ValueError(message)
    if not _is_canonical(host, scheme):
        message = "must contain the IP address as browsers write it, such as 192.0.2.1 or [2001:db8::1]"
        raise ValueError(message)
    return text


def parse_cookie_origin(text: str) -> str:
    """Return an origin whose pages get cookies of this server; raise a ValueError for the origin of an app.

    Apps load their pages from a site of their own, so that no cookie would be sent.
    """
    if not text.startswith(("https://", "http://")):
        message = "must list http and https origins: the web view of an app sends no cookies of this server"
        raise ValueError(message)
    return parse_origin(text)


def origin_of(url: str) -> str:
    """Return the origin of an http or https URL as browsers send it: in lower case, without the port of the scheme."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{ipaddress.IPv6Address(host)}]" if ":" in host else host
    has_own_port = parts.port is not None and str(parts.port) != _DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}{f':{parts.port}' if has_own_port else ''}"


def are_same_site(first: str, second: str) -> bool:
    """Return whether two origins belong to one site, so that their pages get each other's cookies (HTML standard §7.1).

    Without the list of public suffixes, this is a guess, which knows `example.com` and `example.co.uk`. It may be wrong
    for domains whose subdomains belong to different people.
    """
    return _site(first) == _site(second)


def is_loopback_origin(origin: bytes) -> bool:
    """Return whether the page was loaded from the machine of the browser, from any port."""
    return _LOOPBACK.fullmatch(origin) is not None


def _site(origin: str) -> tuple[str, str]:
    parts = urlsplit(origin)
    host = parts.hostname or ""
    labels = host.split(".")
    if _is_address(host):
        return parts.scheme, host
    has_public_suffix = _PUBLIC_SECOND_LEVELS.issuperset(labels[-2:-1] or [host])
    return parts.scheme, ".".join(labels[-3 if has_public_suffix else -2 :])


def _is_canonical(host: str, scheme: str) -> bool:
    """Return whether browsers write the host in this form (URL standard §3.5); names always are."""
    if host.startswith("["):
        return _is_address(host[1:-1])
    last_label = host.rstrip(".").rpartition(".")[2]
    return scheme not in _DEFAULT_PORTS or _NUMERIC_LABEL.fullmatch(last_label) is None or _is_address(host)


def _is_address(text: str) -> bool:
    try:
        return str(ipaddress.ip_address(text)) == text
    except ValueError:
        return False
