"""Which scopes and resources an application may ask for."""

from typing import Final

from auth_api.kit.http.oauth_errors import InvalidScopeException, InvalidTargetException
from auth_api.oauth.clients.client import GrantType, OAuthClient
from auth_api.oauth.protocol.parameters import Parameters
from auth_api.oauth.resources.built_in_scopes import BUILT_IN_SCOPES, OFFLINE_ACCESS
from auth_api.oauth.resources.service import Resources

MAX_SCOPE_CHARACTERS: Final = 1000
MAX_SCOPES: Final = 50
MAX_RESOURCES: Final = 5

_TOO_LONG: Final = "The scope has more than 50 names or 1000 characters."
_NONE_KNOWN: Final = "The request names no scope that exists."
_NOT_ALLOWED: Final = "The client may not ask for one of these scopes."
_RESOURCE_NOT_NAMED: Final = "A scope belongs to a resource that the request does not name."


async def asked_scopes(
    resources: Resources, client: OAuthClient, parameters: Parameters
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the known scopes of a request, and the identifiers of the resources that they belong to (RFC 8707).

    Args:
        resources: the resources of this server.
        client: the application.
        parameters: what it has sent; `resource` may be repeated.

    Raises:
        InvalidScopeException: no scope is known, the application may not ask for one, or one belongs to a resource that
            the request does not name although it names others, or should (RFC 9068 §3).
        InvalidTargetException: a resource is unknown, or none of the scopes belongs to it.
    """
    scope = parameters.get("scope") or ""
    asked = list(dict.fromkeys(scope.split()))
    if len(scope) > MAX_SCOPE_CHARACTERS or len(asked) > MAX_SCOPES:
        raise InvalidScopeException(_TOO_LONG)
    owners = await resources.owner_of(asked)
    if GrantType.REFRESH_TOKEN not in client.grant_types:
        asked = [name for name in asked if name != OFFLINE_ACCESS]
    scopes = tuple(name for name in asked if name in BUILT_IN_SCOPES or name in owners)
    if not scopes:
        raise InvalidScopeException(_NONE_KNOWN)
    if not set(scopes) <= set(client.scopes):
        raise InvalidScopeException(_NOT_ALLOWED)
    needed = {owner.identifier for owner in owners.values()}
    named = tuple(dict.fromkeys(parameters.all("resource")))
    if len(named) > MAX_RESOURCES or not needed.issuperset(named):
        raise InvalidTargetException
    if (named and not needed <= set(named)) or (not named and len(needed) > 1):
        raise InvalidScopeException(_RESOURCE_NOT_NAMED)
    return scopes, named or tuple(needed)
