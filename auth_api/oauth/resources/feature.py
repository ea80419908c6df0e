"""Manifest of resource servers."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.oauth.resources.errors import DuplicateResourceException, ResourceNotFoundException
from auth_api.oauth.resources.tables import OAuthResourceRow

MANIFEST: Final = Manifest(tables=(OAuthResourceRow,), errors=(ResourceNotFoundException, DuplicateResourceException))
