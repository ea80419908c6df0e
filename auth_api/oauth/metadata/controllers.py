"""Routes that publish the keys and the metadata."""

from typing import Any, Final

from litestar import Controller, MediaType, Response, get

from auth_api.kit.http.access import PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import public
from auth_api.sessions.policy import JWKS_MAX_AGE
from auth_api.sessions.schemas import EXAMPLE_PUBLIC_KEYS, PublicKeys

_CACHED: Final = {"Cache-Control": f"public, max-age={JWKS_MAX_AGE}"}


class KeyController(Controller):
    """Publish the keys that verify access tokens and ID tokens."""

    path = "/.well-known"
    tags = ("Operation",)

    @get(
        "/jwks.json",
        summary="Public keys",
        operation_id="readPublicKeys",
        **public(response=EXAMPLE_PUBLIC_KEYS),
    )
    async def jwks(self, published_keys: Injected[PublicKeys]) -> Response[PublicKeys]:
        """Return the public keys of sessions, and then those of the OAuth provider.

        Sessions have none with HS256, and the provider has none if it is off.
        """
        return Response(published_keys, headers=_CACHED)


class MetadataController(Controller):
    """Publish the metadata of the provider, at the address of OpenID and at that of OAuth."""

    path = "/.well-known"

    @get(
        ["/openid-configuration", "/oauth-authorization-server"],
        access=PUBLIC,
        include_in_schema=False,
        media_type=MediaType.JSON,
    )
    async def metadata(self, provider_metadata: Injected[dict[str, Any]]) -> Response[dict[str, Any]]:
        """Return the metadata (RFC 8414 §3, OpenID Connect Discovery §4)."""
        return Response(provider_metadata, headers=_CACHED)
