"""Declare and delete the permissions that a team uses in its own APIs."""

from dataclasses import dataclass
from typing import Final

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.errors import FieldError, LimitReachedException, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.roles import catalogue_repository, repository
from auth_api.roles.errors import (
    BuiltInException,
    InUseException,
    PermissionNotFoundException,
)
from auth_api.roles.events import RoleEvent
from auth_api.roles.permissions import BUILT_IN, RESERVED_AREAS, is_well_formed
from auth_api.roles.rights import Authority
from auth_api.roles.role import ListedPermission
from auth_api.roles.role_catalogue import IsUsed

MAX_PERMISSIONS: Final = 500
"""Number of permissions that are not built in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionCatalogue:
    """Lists, declares and deletes permissions. Changes wait for each other and for those of roles.

    Attributes:
        is_used: whether an API key has a permission.
    """

    database: Database
    audit: AuditTrail
    is_used: IsUsed

    async def all(self) -> list[ListedPermission]:
        """Return all permissions by name."""
        declared = {each.name: each for each in await catalogue_repository.declared_permissions()}
        descriptions = {**BUILT_IN, **{each.name: each.description for each in declared.values()}}
        roles = [(role.name, role.permissions.split()) for role in await repository.all_roles()]
        return [
            ListedPermission(
                name=name,
                description=descriptions[name],
                declared=declared.get(name),
                roles=[role for role, permissions in roles if name in permissions],
            )
            for name in sorted(descriptions)
        ]

    async def declare(
        self, name: str, description: str, *, by: Authority, request_context: RequestContext
    ) -> tuple[ListedPermission, bool]:
        """Create a permission, or change its description.

        Returns:
            the permission, and whether it is new.

        Raises:
            BuiltInException: the permission is built in.
            ValidationException: the name has another form, or its area belongs to this server.
            LimitReachedException: there are as many permissions as the server stores.
        """
        _check_name(name)

        async def work() -> tuple[ListedPermission, bool]:
            await repository.lock_administrators()
            await by.confirmed()
            created = await catalogue_repository.insert_permission(name, description, request_context.actor)
            listed = await self.all()
            if created is not None and sum(each.declared is not None for each in listed) > MAX_PERMISSIONS:
                raise LimitReachedException
            (found,) = [each for each in listed if each.name == name]
            if created is not None:
                await self._record(RoleEvent.PERMISSION_CREATED, name, request_context)
            elif found.description != description:
                await catalogue_repository.describe_permission(name, description)
                await self._record(RoleEvent.PERMISSION_CHANGED, name, request_context)
            return ListedPermission(
                name=name, description=description, declared=found.declared, roles=found.roles
            ), created is not None

        return await self.database.transaction(work)

    async def delete(self, name: str, *, by: Authority, request_context: RequestContext) -> None:
        """Delete a permission.

        Raises:
            PermissionNotFoundException: the permission does not exist.
            BuiltInException: the permission is built in.
            InUseException: a role or a live API key contains it.
        """

        async def work() -> None:
            await repository.lock_administrators()
            await by.confirmed()
            found = next((each for each in await self.all() if each.name == name), None)
            if found is None:
                raise PermissionNotFoundException
            if found.declared is None:
                raise BuiltInException
            if found.roles or await self.is_used(name):
                raise InUseException
            await catalogue_repository.delete_permission(name)
            await self._record(RoleEvent.PERMISSION_DELETED, name, request_context)

        await self.database.transaction(work)

    async def _record(self, tag: RoleEvent, name: str, request_context: RequestContext) -> None:
        await self.audit.record(tag, user_id=None, request_context=request_context, resource=f"permission:{name}")


def _check_name(name: str) -> None:
    if name in BUILT_IN:
        raise BuiltInException
    if not is_well_formed(name):
        message = "Must be `area:action` or `area:part:action`, of lower-case letters, digits and hyphens."
        raise ValidationException([FieldError("name", "format", message)])
    if name.partition(":")[0] in RESERVED_AREAS:
        message = "Names that begin with this word belong to the server."
        raise ValidationException([FieldError("name", "reserved", message)])
