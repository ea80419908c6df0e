"""Manifest of applications."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.oauth.clients.errors import ClientNotFoundException
from auth_api.oauth.clients.tables import OAuthClientRow

MANIFEST: Final = Manifest(tables=(OAuthClientRow,), errors=(ClientNotFoundException,))
