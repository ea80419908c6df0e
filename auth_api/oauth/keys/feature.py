"""Manifest of the keys of the OAuth provider."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.oauth.keys.policy import OAuthPolicy

MANIFEST: Final = Manifest(policies={"OAuth provider": (OAuthPolicy,)})
