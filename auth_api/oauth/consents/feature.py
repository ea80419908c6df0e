"""Manifest of consents."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.oauth.consents.errors import ConsentNotFoundException
from auth_api.oauth.consents.tables import OAuthConsentRow

MANIFEST: Final = Manifest(tables=(OAuthConsentRow,), errors=(ConsentNotFoundException,))
