"""Manifest of linking."""

from typing import Final

from auth_api.manifest import Manifest

MANIFEST: Final = Manifest()
