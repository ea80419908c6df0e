"""Looks up resource servers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.oauth.resources import repository
from auth_api.oauth.resources.built_in_scopes import BUILT_IN_SCOPES
from auth_api.oauth.resources.errors import ResourceNotFoundException
from auth_api.oauth.resources.resource import OAuthResource, owners


@dataclass(frozen=True, slots=True)
class Resources:
    """Looks up resource servers. They are read at each use, so that a change applies at once."""

    async def all(self) -> list[OAuthResource]:
        """Return all resources, newest first."""
        return await repository.all_resources()

    async def page(self, request: PageRequest) -> tuple[Sequence[OAuthResource], str | None]:
        """Return a page of resources, newest first, and the cursor of the next page or None.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        before = before_id(request)
        rows = [resource for resource in await self.all() if resource.id < before]
        return split_page(rows[: request.limit + 1], request, lambda resource: resource.id)

    async def find(self, resource_id: int) -> OAuthResource:
        """Return a resource.

        Raises:
            ResourceNotFoundException: it does not exist.
        """
        found = next((each for each in await self.all() if each.id == resource_id), None)
        if found is None:
            raise ResourceNotFoundException
        return found

    async def owner_of(self, scope_names: Iterable[str]) -> dict[str, OAuthResource]:
        """Return the resources that scopes belong to, by the name of the scope, without built-in and unknown scopes."""
        wanted = set(scope_names) - BUILT_IN_SCOPES.keys()
        return {name: each for name, each in owners(await self.all()).items() if name in wanted} if wanted else {}

    async def descriptions(self) -> dict[str, str]:
        """Return the description of every scope, for people, by its name."""
        scopes = [scope for each in await self.all() for scope in each.scopes]
        return {**BUILT_IN_SCOPES, **{scope.name: scope.description for scope in scopes}}
