"""Manifest of providers."""

from typing import Final

from auth_api.credentials.providers.errors import (
    ProviderDeniedException,
    ProviderErrorException,
    ProviderUnavailableException,
)
from auth_api.credentials.providers.policy import ProvidersPolicy
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(
    errors=(ProviderDeniedException, ProviderErrorException, ProviderUnavailableException),
    policies={"Providers": (ProvidersPolicy,)},
)
