"""Create, change and delete roles."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.db.violations import FOREIGN_KEY_VIOLATIONS
from auth_api.kit.errors import FieldError, LimitReachedException, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.roles import catalogue_repository, repository
from auth_api.roles.errors import (
    BuiltInException,
    DuplicateNameException,
    InUseException,
    RoleNotFoundException,
)
from auth_api.roles.events import RoleEvent
from auth_api.roles.permissions import BUILT_IN
from auth_api.roles.provider_grants_repository import take_from_providers
from auth_api.roles.rights import Authority, Rights
from auth_api.roles.role import Role
from auth_api.roles.role_names import is_role_name

MAX_ROLES: Final = 200
"""Number of roles, with the built-in ones."""

IsUsed = Callable[[str], Awaitable[bool]]
"""Returns whether rows of another package name this role or permission."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCatalogue:
    """Creates, changes and deletes roles. Changes wait for each other, by the lock of the role `administrator`.

    Attributes:
        is_used: whether rows of other packages name a role.
        administrative_providers: the providers that may grant administrative roles, as the security history names them.
    """

    database: Database
    audit: AuditTrail
    is_used: tuple[IsUsed, ...]
    administrative_providers: tuple[str, ...]

    async def create(
        self,
        name: str,
        *,
        description: str,
        permissions: Iterable[str],
        by: Authority,
        request_context: RequestContext,
    ) -> Role:
        """Create a role.

        Raises:
            ValidationException: a permission does not exist.
            RankTooLowException: the caller lacks a permission of the role.
            DuplicateNameException: another role has the name.
            LimitReachedException: there are as many roles as the server stores.
        """

        async def work() -> Role:
            await repository.lock_administrators()
            await _check_known(permissions)
            (await by.confirmed()).check_rank(Rights.of(permissions))
            role = await catalogue_repository.insert_role(name, description, set(permissions))
            if role is None:
                raise DuplicateNameException
            if await catalogue_repository.count_roles() > MAX_ROLES:
                raise LimitReachedException
            await self._record(RoleEvent.ROLE_CREATED, name, request_context, permissions=role.permissions.split())
            return role

        return await self.database.transaction(work)

    async def change(
        self,
        name: str,
        *,
        description: str | None,
        permissions: Iterable[str] | None,
        by: Authority,
        request_context: RequestContext,
    ) -> Role:
        """Change a role. None leaves a value as it is.

        If it becomes administrative, the users lose it to whom only a provider grants it that must not.

        Raises:
            ValidationException: a permission does not exist.
            RoleNotFoundException: the role does not exist.
            RankTooLowException: the caller lacks a permission that the role had or gets.
            BuiltInException: the role is built in.
        """

        async def work() -> Role:
            await repository.lock_administrators()
            await _check_known(permissions or ())
            role = await self._lock(name, by, Rights.of(permissions or ()))
            wanted = set(role.permissions.split() if permissions is None else permissions)
            text = role.description if description is None else description
            if (text, wanted) == (role.description, set(role.permissions.split())):
                return role
            changed = await catalogue_repository.update_role(role.id, text, wanted)
            details: dict[str, Any] = {"fields": ["description"] * (text != role.description)}
            if changed.permissions != role.permissions:
                details["fields"].append("permissions")
                details["permissions"] = changed.permissions.split()
            if changed.is_administrative and not role.is_administrative:
                removed = await take_from_providers(role.id, kept=self.administrative_providers)
                details |= {"grants_removed": removed} if removed else {}
            await self._record(RoleEvent.ROLE_CHANGED, name, request_context, **details)
            return changed

        return await self.database.transaction(work)

    async def delete(self, name: str, *, by: Authority, request_context: RequestContext) -> None:
        """Delete a role.

        Raises:
            RoleNotFoundException: the role does not exist.
            RankTooLowException: the caller lacks a permission of the role.
            BuiltInException: the role is built in.
            InUseException: a user has the role, or rows of another package name it.
        """

        async def work() -> None:
            await repository.lock_administrators()
            role = await self._lock(name, by, Rights())
            if await catalogue_repository.is_granted(role.id) or any([await is_used(name) for is_used in self.is_used]):
                raise InUseException
            await catalogue_repository.delete_role(role.id)
            await self._record(RoleEvent.ROLE_DELETED, name, request_context)

        try:
            await self.database.transaction(work)
        except FOREIGN_KEY_VIOLATIONS as error:  # granted meanwhile
            raise InUseException from error

    @staticmethod
    async def _lock(name: str, by: Authority, new: Rights) -> Role:
        """Return a role that the caller may change to these rights, and lock it."""
        role = await catalogue_repository.lock_role(name) if is_role_name(name) else None
        if role is None:
            raise RoleNotFoundException
        (await by.confirmed()).check_rank(role.rights.union(new))
        if role.is_built_in:
            raise BuiltInException
        return role

    async def _record(self, tag: RoleEvent, name: str, request_context: RequestContext, **details: Any) -> None:
        await self.audit.record(tag, user_id=None, request_context=request_context, resource=f"role:{name}", **details)


async def _check_known(permissions: Iterable[str]) -> None:
    if not set(permissions) <= {*BUILT_IN, *await repository.declared()}:
        message = "Must list permissions that exist, and not `*`."
        raise ValidationException([FieldError("permissions", "not_found", message)])
