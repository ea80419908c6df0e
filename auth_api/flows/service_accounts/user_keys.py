"""The API keys of users, for administrators and operators."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_api.credentials.api_keys.api_key import ApiKey, CreatedKey, KeyOwner, NewKey
from auth_api.credentials.api_keys.service import ApiKeys
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.pagination import PageRequest
from auth_api.kit.request_context import RequestContext
from auth_api.roles.rights import Authority, Rights
from auth_api.roles.service import RoleService
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class UserKeys:
    """Lists and revokes the keys of any user, and creates them for operators.

    Attributes:
        key_created_mail: tells the user about a new key.
    """

    database: Database
    users: UserService
    roles: RoleService
    api_keys: ApiKeys
    outbox: Outbox
    key_created_mail: MailKind

    async def page(self, user_id: int, request: PageRequest) -> tuple[Sequence[ApiKey], str | None]:
        """Return a page of the keys of a user, newest first, and the cursor of the next page or None.

        Raises:
            UserNotFoundException: the user does not exist.
            ValidationException: the cursor belongs to another list.
        """
        await self.users.get_credentials(user_id)
        return await self.api_keys.page(KeyOwner(user_id=user_id), request)

    async def create(
        self,
        user_id: int,
        name: str,
        scopes: Sequence[str],
        *,
        days: int | None,
        request_context: RequestContext,
    ) -> CreatedKey:
        """Create a key of a user, and tell the user about it.

        Args:
            user_id: the user.
            name: for the list.
            scopes: names of permissions; the key has those that the user has at the time of a request.
            days: the lifetime; None for the default.
            request_context: who creates it.

        Raises:
            UserNotFoundException: the user does not exist.
            ValidationException: a scope is unknown, or the lifetime is too long.
            LimitReachedException: the user has as many live keys as allowed.
        """
        new = NewKey(name=name, scopes=tuple(scopes), lifetime=self.api_keys.policy.lifetime(days))

        async def work() -> CreatedKey:
            await self.roles.check_known(scopes, field="scopes")
            await self._lock(user_id)
            created = await self.api_keys.create(KeyOwner(user_id=user_id), new, request_context)
            await self.outbox.to_user(
                self.key_created_mail,
                user_id,
                request_context,
                hint=created.key.hint,
                scopes=created.key.scopes.split(),
            )
            return created

        return await self.database.transaction(work)

    async def revoke(self, user_id: int, key_id: int, *, by: Authority, request_context: RequestContext) -> None:
        """Revoke a key of a user; one that has ended stays as it is.

        Raises:
            UserNotFoundException: the user does not exist.
            KeyNotFoundException: the user has no key with this id.
            SelfChangeRefusedException: the caller is the user.
            RankTooLowException: the caller lacks a scope of the key.
        """
        owner = KeyOwner(user_id=user_id)

        async def work() -> None:
            await self._lock(user_id)
            key = await self.api_keys.find(owner, key_id)
            by.check_other(user_id)
            (await by.confirmed()).check_rank(Rights.of(key.scopes.split()))
            await self.api_keys.revoke(owner, key_id, request_context)

        await self.database.transaction(work)

    async def _lock(self, user_id: int) -> None:
        if await self.users.lock(user_id) is None:
            raise UserNotFoundException
