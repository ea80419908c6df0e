"""Decides whether an access token for another application is still accepted by the server's own endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from auth_api.kit.clock import Clock
from auth_api.oauth.clients.service import Clients
from auth_api.oauth.grants.grant import Grant
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.keys.oauth_keys import OAuthKeys
from auth_api.used_values.service import UsedValues

REVOKED: Final = "revoked_jti"
"""The kind of the used values that are ids of revoked access tokens."""


class LiveToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token that is accepted.

    Attributes:
        claims: its claims.
        grant: its grant; None if the application acts for itself.
    """

    claims: Mapping[str, Any]
    grant: Grant | None

    @property
    def scopes(self) -> frozenset[str]:
        """Its scopes."""
        return frozenset(self.claims["scope"].split())


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessTokenVerification:
    """Verifies access tokens, and revokes single ones (RFC 7009)."""

    keys: OAuthKeys
    grants: Grants
    clients: Clients
    used_values: UsedValues
    clock: Clock

    async def find(self, raw: str) -> LiveToken | None:
        """Return a token that is genuine, has not expired and was not revoked, and whose grant is live.

        The token of an application that acts for itself has no grant: the application must be active.
        """
        claims = self.keys.verify_access_token(raw, self.clock())
        if claims is None or await self.used_values.is_used(REVOKED, claims["jti"]):
            return None
        if "gid" in claims:
            grant = await self.grants.find(UUID(claims["gid"]))
            return LiveToken(claims=claims, grant=grant) if grant is not None else None
        client = await self.clients.find(claims["client_id"])
        return LiveToken(claims=claims, grant=None) if client is not None and client.is_active else None

    async def revoke(self, claims: Mapping[str, Any]) -> None:
        """Revoke the verified access token with these claims. Its grant stays."""
        await self.used_values.claim(REVOKED, claims["jti"], datetime.fromtimestamp(claims["exp"], UTC))
