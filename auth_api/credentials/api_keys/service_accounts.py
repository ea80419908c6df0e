"""Creates, changes and deletes service accounts and their keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from auth_api.credentials.api_keys import accounts_repository
from auth_api.credentials.api_keys.api_key import ApiKey, CreatedKey, KeyOwner, NewKey
from auth_api.credentials.api_keys.errors import ServiceAccountNotFoundException
from auth_api.credentials.api_keys.events import ApiKeyEvent
from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.credentials.api_keys.service_account import ServiceAccount
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.pagination import PageRequest, before_id, split_page
from auth_api.kit.request_context import RequestContext
from auth_api.roles.errors import DuplicateNameException
from auth_api.roles.rights import Authority, Rights
from auth_api.roles.service import RoleService

MAX_SERVICE_ACCOUNTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccounts:
    """Service accounts; each change is one transaction with its event.

    A caller who changes an account or its keys needs the scopes of all its live keys.
    """

    database: Database
    audit: AuditTrail
    roles: RoleService
    api_keys: ApiKeys

    async def page(self, request: PageRequest) -> tuple[Sequence[ServiceAccount], str | None]:
        """Return a page of service accounts, newest first, and the cursor of the next page or None.

        Raises:
            ValidationException: the cursor belongs to another list.
        """
        rows = await accounts_repository.page(before=before_id(request), limit=request.limit + 1)
        return split_page(rows, request, lambda account: account.id)

    async def find(self, account_id: int) -> ServiceAccount:
        """Return a service account.

        Raises:
            ServiceAccountNotFoundException: it does not exist.
        """
        return _found(await accounts_repository.find(account_id))

    async def find_by_name(self, name: str) -> ServiceAccount:
        """Return the service account with this name.

        Raises:
            ServiceAccountNotFoundException: it does not exist.
        """
        return _found(await accounts_repository.find_by_name(name))

    async def create(
        self, name: str, description: str, *, by: Authority, request_context: RequestContext
    ) -> ServiceAccount:
        """Create a service account without keys.

        Raises:
            DuplicateNameException: the name is taken.
            LimitReachedException: there are as many service accounts as the server stores.
        """

        async def work() -> ServiceAccount:
            await self.roles.lock_administrators()  # two requests at the limit must count each other
            await by.confirmed()
            account_id = await accounts_repository.insert(name, description, created_by=request_context.actor or "")
            if account_id is None:
                raise DuplicateNameException
            if await accounts_repository.count() > MAX_SERVICE_ACCOUNTS:
                raise LimitReachedException
            await self._record(ApiKeyEvent.SERVICE_ACCOUNT_CREATED, account_id, request_context)
            return await self.find(account_id)

        return await self.database.transaction(work)

    async def change(
        self,
        account_id: int,
        *,
        description: str | None = None,
        is_active: bool | None = None,
        by: Authority,
        request_context: RequestContext,
    ) -> ServiceAccount:
        """Change a service account, whose keys are refused while it is not active. None leaves a value as it is.

        Raises:
            ServiceAccountNotFoundException: it does not exist.
            RankTooLowException: the caller lacks a scope of one of its live keys.
        """

        async def work() -> ServiceAccount:
            account, _ = await self._lock(account_id, by)
            wanted = {"description": description, "is_active": is_active}
            fields = [name for name, value in wanted.items() if value not in {None, getattr(account, name)}]
            if fields:
                await accounts_repository.change(
                    account_id,
                    description=account.description if description is None else description,
                    is_active=account.is_active if is_active is None else is_active,
                )
                await self._record(
                    ApiKeyEvent.SERVICE_ACCOUNT_CHANGED, account_id, request_context, fields=sorted(fields)
                )
            return await self.find(account_id)

        return await self.database.transaction(work)

    async def delete(self, account_id: int, *, by: Authority, request_context: RequestContext) -> None:
        """Delete a service account with its keys.

        Raises:
            ServiceAccountNotFoundException: it does not exist.
            RankTooLowException: the caller lacks a scope of one of its live keys.
        """

        async def work() -> None:
            await self._lock(account_id, by)
            await accounts_repository.delete(account_id)
            await self._record(ApiKeyEvent.SERVICE_ACCOUNT_DELETED, account_id, request_context)

        await self.database.transaction(work)

    async def keys(self, account_id: int, request: PageRequest) -> tuple[Sequence[ApiKey], str | None]:
        """Return a page of the keys of a service account, newest first, and the cursor of the next page or None.

        Raises:
            ServiceAccountNotFoundException: it does not exist.
            ValidationException: the cursor belongs to another list.
        """
        await self.find(account_id)
        return await self.api_keys.page(KeyOwner(service_account_id=account_id), request)

    async def create_key(
        self, account_id: int, new: NewKey, *, by: Authority, request_context: RequestContext
    ) -> CreatedKey:
        """Create a key of a service account.

        Raises:
            ValidationException: a scope is unknown.
            ServiceAccountNotFoundException: the service account does not exist.
            RankTooLowException: the caller lacks a scope of the key, or of another live key of the account.
            LimitReachedException: the account has as many live keys as allowed.
        """

        async def work() -> CreatedKey:
            await self.roles.check_known(new.scopes, field="scopes")
            _, present = await self._lock(account_id, by)
            present.check_rank(Rights.of(new.scopes))
            return await self.api_keys.create(KeyOwner(service_account_id=account_id), new, request_context)

        return await self.database.transaction(work)

    async def revoke_key(self, account_id: int, key_id: int, *, by: Authority, request_context: RequestContext) -> None:
        """Revoke a key of a service account; one that has ended stays as it is.

        Raises:
            ServiceAccountNotFoundException: the service account does not exist.
            KeyNotFoundException: the account has no key with this id.
            RankTooLowException: the caller lacks a scope of one of the live keys of the account.
        """
        owner = KeyOwner(service_account_id=account_id)

        async def work() -> None:
            await accounts_repository.lock(account_id)
            account = await self.find(account_id)
            await self.api_keys.find(owner, key_id)
            (await by.confirmed()).check_rank(Rights(account.scopes))
            await self.api_keys.revoke(owner, key_id, request_context)

        await self.database.transaction(work)

    async def _lock(self, account_id: int, by: Authority) -> tuple[ServiceAccount, Authority]:
        """Lock a service account that the caller may change; return it and the authority of the caller as of now."""
        await accounts_repository.lock(account_id)
        account = await self.find(account_id)
        present = await by.confirmed()
        present.check_rank(Rights(account.scopes))
        return account, present

    async def _record(
        self, event: ApiKeyEvent, account_id: int, request_context: RequestContext, **details: list[str]
    ) -> None:
        await self.audit.record(
            event, user_id=None, request_context=request_context, resource=f"service_account:{account_id}", **details
        )


def _found(account: ServiceAccount | None) -> ServiceAccount:
    if account is None:
        raise ServiceAccountNotFoundException
    return account
