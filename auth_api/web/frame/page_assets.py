"""The files that pages load, read once: the style sheet with the colors of the brand, the scripts and the images."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

import msgspec

from auth_api.kit.errors import NotFoundException
from auth_api.web.frame.policy import PagePolicy

ASSETS_PATH: Final = "/assets"
LOGO_NAME: Final = "brand-logo"

_FILES: Final = Path(__file__).parent / "assets"

_MEDIA_TYPES: Final = {
    "icon.svg": "image/svg+xml",
    "pages.css": "text/css",
    "pages.js": "text/javascript",
}

_ACCENTS: Final = """
:root {{
  --accent: {day};
}}

@media (prefers-color-scheme: dark) {{
  :root {{
    --accent: {night};
  }}
}}
"""


class Asset(msgspec.Struct, frozen=True):
    """A file that pages load.

    Attributes:
        content: its bytes.
        media_type: its media type; the response adds the encoding of text.
    """

    content: bytes
    media_type: str

    @property
    def etag(self) -> str:
        """The entity tag (RFC 9110 §8.8.3)."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class PageAssets:
    """The files that pages load, by name.

    Args:
        files: the files.
    """

    def __init__(self, files: Mapping[str, Asset]) -> None:
        self._files = {name: (file, file.etag) for name, file in files.items()}

    @classmethod
    def of(cls, policy: PagePolicy) -> Self:
        """Return the files of this package with the colors and the logo of the settings."""
        files = {name: Asset((_FILES / name).read_bytes(), media_type) for name, media_type in _MEDIA_TYPES.items()}
        style = files["pages.css"]
        accents = _ACCENTS.format(day=policy.accent, night=policy.night_accent).encode()
        files["pages.css"] = Asset(style.content + accents, style.media_type)
        if policy.logo is not None and policy.logo.url is None:
            files[LOGO_NAME] = Asset(policy.logo.content, policy.logo.media_type)
        return cls(files)

    def find(self, name: str) -> tuple[Asset, str]:
        """Return a file and its entity tag.

        Raises:
            NotFoundException: no file has this name.
        """
        if name not in self._files:
            raise NotFoundException
        return self._files[name]
