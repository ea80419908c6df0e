"""Manifest of grants."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.oauth.grants.tables import OAuthGrantRow

MANIFEST: Final = Manifest(tables=(OAuthGrantRow,))
