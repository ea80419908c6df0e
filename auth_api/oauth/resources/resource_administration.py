"""Creates, changes and deletes resource servers."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.errors import FieldError, LimitReachedException, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.resources import repository
from auth_api.oauth.resources.errors import DuplicateResourceException
from auth_api.oauth.resources.events import ResourceEvent
from auth_api.oauth.resources.resource import OAuthResource, ResourceScope, owners
from auth_api.oauth.resources.resource_fields import NewResource, ResourceChange, identifier_errors, scope_errors
from auth_api.oauth.resources.service import Resources
from auth_api.roles.rights import Authority
from auth_api.roles.service import RoleService

T = TypeVar("T")

MAX_RESOURCES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceAdministration:
    """Changes resource servers. Changes wait for each other, as the name of a scope belongs to only one resource.

    Attributes:
        reserved: audiences of other tokens of this server, which no resource can have.
    """

    database: Database
    audit: AuditTrail
    roles: RoleService
    resources: Resources
    reserved: frozenset[str]

    async def create(self, new: NewResource, *, by: Authority, request_context: RequestContext) -> OAuthResource:
        """Create a resource.

        Raises:
            ValidationException: the identifier or a scope has a wrong form or is reserved.
            DuplicateResourceException: another resource has the identifier or a scope.
            LimitReachedException: there are as many resources as the server stores.
        """
        values = {"scopes": (), "access_token_minutes": None, **new.given}
        _check([*identifier_errors(new.identifier, self.reserved), *scope_errors(values["scopes"])])

        async def work() -> OAuthResource:
            others = await self.resources.all()
            _check_unique(others, new.identifier, values["scopes"])
            if len(others) >= MAX_RESOURCES:
                raise LimitReachedException
            resource = await repository.insert(**values)
            await self._record(ResourceEvent.OAUTH_RESOURCE_CREATED, resource.id, request_context)
            return resource

        return await self._serialized(work, by)

    async def change(
        self, resource_id: int, change: ResourceChange, *, by: Authority, request_context: RequestContext
    ) -> OAuthResource:
        """Change a resource.

        Raises:
            ValidationException: a scope has a wrong form or is reserved.
            ResourceNotFoundException: it does not exist.
            DuplicateResourceException: another resource has one of the scopes.
        """
        _check(scope_errors(change.scopes or ()))

        async def work() -> OAuthResource:
            resource = await self.resources.find(resource_id)
            after = msgspec.structs.replace(resource, **change.given)
            others = [each for each in await self.resources.all() if each.id != resource_id]
            _check_unique(others, after.identifier, after.scopes)
            fields = sorted(name for name in change.given if getattr(after, name) != getattr(resource, name))
            if not fields:
                return resource
            await self._record(ResourceEvent.OAUTH_RESOURCE_CHANGED, resource_id, request_context, fields=fields)
            return await repository.update(resource_id, after.name, after.scopes, after.access_token_minutes)

        return await self._serialized(work, by)

    async def delete(self, resource_id: int, *, by: Authority, request_context: RequestContext) -> None:
        """Delete a resource; its scopes are unknown from then on.

        Raises:
            ResourceNotFoundException: it does not exist.
        """

        async def work() -> None:
            await repository.delete((await self.resources.find(resource_id)).id)
            await self._record(ResourceEvent.OAUTH_RESOURCE_DELETED, resource_id, request_context)

        await self._serialized(work, by)

    async def _serialized(self, work: Callable[[], Awaitable[T]], by: Authority) -> T:
        """Do a change in a transaction that waits for the other changes, if the caller still may."""

        async def locked() -> T:
            await self.roles.lock_administrators()
            await by.confirmed()
            return await work()

        return await self.database.transaction(locked)

    async def _record(
        self, event: ResourceEvent, resource_id: int, request_context: RequestContext, **details: list[str]
    ) -> None:
        await self.audit.record(
            event, user_id=None, request_context=request_context, resource=f"oauth_resource:{resource_id}", **details
        )


def _check(errors: Iterable[FieldError]) -> None:
    if found := list(errors):
        raise ValidationException(found)


def _check_unique(others: Sequence[OAuthResource], identifier: str, scopes: Sequence[ResourceScope]) -> None:
    """Check that no other resource has the identifier or one of the scopes."""
    taken = [each for each in others if each.identifier == identifier]
    errors = [FieldError("identifier", "taken", "Another resource has this identifier.")] if taken else []
    if owners(others).keys() & {scope.name for scope in scopes}:
        errors.append(FieldError("scopes", "taken", "One of these names belongs to another resource."))
    if errors:
        raise DuplicateResourceException(errors)
