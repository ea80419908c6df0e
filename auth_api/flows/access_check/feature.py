"""Manifest of access checks."""

from typing import Final

from auth_api.flows.access_check.controllers import AccessCheckController
from auth_api.flows.access_check.service import AccessCheck
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings


def build(core: Core, _settings: Settings) -> Feature:
    """Connect access checks to the core."""
    access_check = AccessCheck(
        sessions=core.sessions, users=core.email_ownership, roles=core.roles, api_keys=core.api_keys
    )
    return Feature(controllers=(AccessCheckController,), dependencies={"access_check": access_check})


MANIFEST: Final = Manifest(paths=("/api/access/check",), build=build)
