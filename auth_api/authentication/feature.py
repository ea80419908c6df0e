"""Manifest of authentication."""

from typing import Final

from auth_api.authentication.errors import SessionRequiredException
from auth_api.authentication.policy import AdministrationPolicy
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(
    errors=(SessionRequiredException,),
    policies={"Administration": (AdministrationPolicy,)},
)
