"""Manifest of sign-ins by a provider."""

from typing import Final

from auth_api.flows.federation.errors import IdentityLinkRequiredException, SignUpRequiredException
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(errors=(SignUpRequiredException, IdentityLinkRequiredException))
