"""Looks up applications."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.oauth.clients import repository
from auth_api.oauth.clients.client import OAuthClient, is_client_id
from auth_api.oauth.clients.errors import ClientNotFoundException
from auth_api.roles.service import RoleService


@dataclass(frozen=True, slots=True)
class Clients:
    """Looks up applications. They are read at each use, so that a change applies at once."""

    roles: RoleService

    async def find(self, client_id: str) -> OAuthClient | None:
        """Return the application with this `client_id`, disabled or not; None if there is none."""
        return await repository.find(client_id) if is_client_id(client_id) else None

    async def get(self, row_id: int) -> OAuthClient | None:
        """Return the application that rows of other tables refer to by this number."""
        return await repository.get(row_id)

    async def hold(self, client: OAuthClient) -> bool:
        """Prevent the deletion of an application until the transaction ends. Return whether it is active."""
        return await repository.lock(client.id)

    async def existing(self, client_id: str) -> OAuthClient:
        """Return the application with this `client_id`.

        Raises:
            ClientNotFoundException: it does not exist.
        """
        client = await self.find(client_id)
        if client is None:
            raise ClientNotFoundException
        return client

    async def page(self, request: PageRequest) -> tuple[Sequence[OAuthClient], str | None]:
        """Return a page of applications, newest first, and the cursor of the next page or None.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        rows = await repository.page(before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, lambda client: client.id)

    async def may_use(self, client: OAuthClient, user_id: int) -> bool:
        """Return whether a user has the role that an application requires; a role that does not exist has no users."""
        return client.required_role is None or client.required_role in (await self.roles.names_of([user_id]))[user_id]
