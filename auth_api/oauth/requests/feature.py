"""Manifest of requests of applications."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.oauth.requests.tables import OAuthRequestRow

MANIFEST: Final = Manifest(tables=(OAuthRequestRow,))
