"""Decides what an access token is for: its scopes, and the one resource server that accepts it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from auth_api.kit.http.oauth_errors import InvalidGrantException, InvalidScopeException, InvalidTargetException
from auth_api.oauth.clients.client import OAuthClient
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.resources.built_in_scopes import BUILT_IN_SCOPES
from auth_api.oauth.resources.resource import OAuthResource
from auth_api.oauth.resources.service import Resources

MAX_SCOPE_CHARACTERS: Final = 1000
MAX_SCOPES: Final = 50


class TokenScope(msgspec.Struct, frozen=True, kw_only=True):
    """What an access token is for.

    Attributes:
        scopes: its scopes, those of no other resource than this one.
        resource: the resource that accepts it; None for a token that only the server's own endpoints accept.
    """

    scopes: tuple[str, ...]
    resource: OAuthResource | None


class HeldScopes(msgspec.Struct, frozen=True, kw_only=True):
    """The scopes that tokens may still have, and the resources that own them, by the name of the scope."""

    names: tuple[str, ...]
    owners: Mapping[str, OAuthResource]

    @property
    def resources(self) -> tuple[str, ...]:
        """The identifiers of the resources."""
        return tuple(sorted({owner.identifier for owner in self.owners.values()}))

    def select(self, names: Iterable[str], resource: str | None) -> TokenScope:
        """Return what a token with some of these scopes is for.

        Args:
            names: the scopes.
            resource: the identifier that the request names; None for the only one.

        Raises:
            InvalidTargetException: the resource owns none of the scopes, or several own some and none is named.
        """
        found = {self.owners[name].identifier: self.owners[name] for name in names if name in self.owners}
        if len(found) > 1 if resource is None else resource not in found:
            raise InvalidTargetException
        chosen = found[resource] if resource is not None else next(iter(found.values()), None)
        scopes = tuple(name for name in names if name not in self.owners or self.owners[name] is chosen)
        return TokenScope(scopes=scopes, resource=chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenScopes:
    """Reads which scopes tokens may have. Scopes of a grant shrink with what its application may ask for."""

    resources: Resources

    async def of_grant(
        self, client: OAuthClient, scopes: Sequence[str], *, resources: Collection[str] | None
    ) -> HeldScopes:
        """Return the granted scopes that the application may still have.

        Args:
            client: the application.
            scopes: the granted scopes.
            resources: the identifiers of the granted resources; None for a new grant.

        Raises:
            InvalidGrantException: none of them.
        """
        allowed = [name for name in scopes if name in client.scopes]
        owners = {
            name: owner
            for name, owner in (await self.resources.owner_of(allowed)).items()
            if resources is None or owner.identifier in resources
        }
        names = tuple(name for name in allowed if name in BUILT_IN_SCOPES or name in owners)
        if not names:
            raise InvalidGrantException
        return HeldScopes(names=names, owners=owners)

    async def of_client(self, client: OAuthClient) -> HeldScopes:
        """Return the scopes that an application can have without a user: those of resources."""
        owners = await self.resources.owner_of(client.scopes)
        return HeldScopes(names=tuple(name for name in client.scopes if name in owners), owners=owners)

    async def requested(self, parameters: Parameters, held: HeldScopes) -> tuple[str, ...] | None:
        """Return the scopes that a request names, without unknown ones; None if it names none.

        Raises:
            InvalidScopeException: one of them is not held, or none is known.
        """
        text = parameters.get("scope")
        if text is None:
            return None
        names = tuple(dict.fromkeys(text.split(" ")))
        if len(text) > MAX_SCOPE_CHARACTERS or len(names) > MAX_SCOPES:
            raise InvalidScopeException
        known = BUILT_IN_SCOPES.keys() | (await self.resources.owner_of(names)).keys()
        wanted = tuple(name for name in names if name in known)
        if not wanted or not set(wanted) <= set(held.names):
            raise InvalidScopeException
        return wanted


def requested_resource(parameters: Parameters) -> str | None:
    """Return the identifier of the resource that a request names.

    Raises:
        InvalidTargetException: it names several.
    """
    named = parameters.all("resource")
    if len(named) > 1:
        raise InvalidTargetException
    return named[0] if named else None
