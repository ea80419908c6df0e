"""Manifest of the caller's own permissions."""

from typing import Final

from auth_api.flows.own_permissions.controllers import OwnPermissionsController
from auth_api.manifest import Feature, Manifest

MANIFEST: Final = Manifest(
    paths=("/api/user/permissions",), build=lambda _core, _settings: Feature(controllers=(OwnPermissionsController,))
)
