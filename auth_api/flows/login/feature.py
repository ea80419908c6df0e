"""Manifest of login."""

from typing import Final

from auth_api.flows.login.errors import AccountDisabledException, EmailNotVerifiedException
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(
    errors=(AccountDisabledException, EmailNotVerifiedException),
    paths=("/api/auth/login",),
)
