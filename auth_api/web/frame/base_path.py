"""The path that a proxy puts before all paths of this server."""

from urllib.parse import urlsplit


def base_path(url: str) -> str:
    """Return the path of a URL without a trailing slash; empty for the root."""
    return urlsplit(url).path.rstrip("/")
