"""Manifest of identities."""

from typing import Final

from auth_api.credentials.identities.errors import IdentityNotFoundException, IdentityTakenException
from auth_api.credentials.identities.tables import UserIdentityRow
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(tables=(UserIdentityRow,), errors=(IdentityNotFoundException, IdentityTakenException))
