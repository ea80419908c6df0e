"""The logo of the brand: a file that this server sends, or a URL that browsers load it from."""

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import msgspec

from auth_api.kit.setting import parse_base_url

MAX_LOGO_BYTES: Final = 65_536

_SVG: Final = "{http://www.w3.org/2000/svg}svg"
_PNG: Final = b"\x89PNG\r\n\x1a\n"


class Logo(msgspec.Struct, frozen=True, kw_only=True):
    """A logo; either `url` or `content` is set.

    Attributes:
        url: an https URL of another server.
        content: the bytes of an image file.
        media_type: its media type.
    """

    url: str | None = None
    content: bytes = b""
    media_type: str = ""

    def __repr__(self) -> str:
        """Omit the content."""
        return f"Logo({self.url or self.media_type})"

    @property
    def origin(self) -> str:
        """The origin of the URL, from which pages must be allowed to load images; empty for a file."""
        parts = urlsplit(self.url or "")
        return f"{parts.scheme}://{parts.netloc}" if self.url else ""


def parse_logo(text: str) -> Logo:
    """Return the logo of a URL or of a path, whose file is read.

    Raises:
        ValueError: it is neither. The message is for operators.
    """
    if text.startswith("https://"):
        return Logo(url=parse_base_url(text))
    try:
        with Path(text).open("rb") as file:
            content = file.read(MAX_LOGO_BYTES + 1)
    except (OSError, ValueError) as error:
        message = "must be an https URL, or the path of a file that can be read"
        raise ValueError(message) from error
    if len(content) > MAX_LOGO_BYTES:
        message = f"must be a file of at most {MAX_LOGO_BYTES // 1024} KiB"
        raise ValueError(message)
    return Logo(content=content, media_type=_media_type(content))


def _media_type(content: bytes) -> str:
    """Return the media type of an image by its content, since browsers get it with `nosniff`."""
    if content.startswith(_PNG):
        return "image/png"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "image/webp"
    if _is_svg(content):
        return "image/svg+xml"
    message = "must be an SVG, PNG or WebP image"
    raise ValueError(message)


def _is_svg(content: bytes) -> bool:
    try:
        # The operator's own file; expat limits the expansion of entities.
        return ET.fromstring(content).tag == _SVG  # noqa: S314
    except (ET.ParseError, ValueError, LookupError):  # the last two for an unknown encoding
        return False
