"""Manifest of the pages of sign-ins by a provider."""

from typing import Final

from auth_api.manifest import Manifest

MANIFEST: Final = Manifest()
