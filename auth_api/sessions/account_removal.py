"""Disable and delete accounts: the same for their users, administrators and the command line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from auth_api.events.audit.actors import user_actor
from auth_api.events.audit.events import AccountEvent
from auth_api.events.outbox.service import Outbox
from auth_api.kit.request_context import RequestContext
from auth_api.roles.service import RoleService
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.mails import ACCOUNT_DELETED
from auth_api.users.errors import UserNotFoundException
from auth_api.users.user import User

T = TypeVar("T")

Admit = Callable[[], Awaitable[User]]
"""Locks the row of the user, decides whether the act is permitted, and returns the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRemoval:
    """Disables and deletes accounts, inside the caller's transaction. No other code does.

    An account without which there would be no active administrator stays; `keeps_administrator` is false only for
    operators who want that. What the end of an account ends is registered in `Manifest.revocation`.
    """

    access_revocation: AccessRevocation
    roles: RoleService
    outbox: Outbox

    async def disable(
        self, user_id: int, request_context: RequestContext, *, admit: Admit, keeps_administrator: bool = True
    ) -> bool:
        """Disable an account and end all its sessions. Return False if it already was disabled.

        Raises:
            LastAdministratorException: no active administrator would remain.
        """

        async def act() -> bool:
            user = await admit()
            if await self.access_revocation.users.set_active(user.id, active=False) is None:
                return False
            ended = await self.access_revocation.revoke(AccessEvent.ACCOUNT_DISABLED, user.id)
            await self.access_revocation.audit.record(
                AccountEvent.ACCOUNT_DISABLED, user_id=user.id, request_context=request_context, sessions_ended=ended
            )
            return True

        return await self._act(user_id, act, keeps_administrator=keeps_administrator)

    async def delete(
        self, user_id: int, request_context: RequestContext, *, admit: Admit, keeps_administrator: bool = True
    ) -> None:
        """Delete an account with its sessions and tokens. Its events stay, without a reference to the user.

        Raises:
            LastAdministratorException: no active administrator would remain.
            UserNotFoundException: the account has been deleted in the meantime.
        """

        async def act() -> None:
            await self._delete(await admit(), request_context)

        await self._act(user_id, act, keeps_administrator=keeps_administrator)

    async def displace(self, user: User, request_context: RequestContext) -> None:
        """Delete an account for the owner of its e-mail address, inside a transaction that has locked its row.

        `RoleService.is_claimable` has decided it, so the account is not that of an administrator.
        """
        await self._delete(user, request_context, by="owner of the address")

    async def _act(self, user_id: int, act: Callable[[], Awaitable[T]], *, keeps_administrator: bool) -> T:
        return await self.roles.keep_administrator(user_id, act) if keeps_administrator else await act()

    async def _delete(self, user: User, request_context: RequestContext, **details: object) -> None:
        await self.access_revocation.revoke(AccessEvent.ACCOUNT_DELETED, user.id)
        if not await self.access_revocation.users.delete(user.id):
            raise UserNotFoundException
        await self.access_revocation.audit.record(
            AccountEvent.ACCOUNT_DELETED,
            user_id=user.id,
            request_context=request_context,
            resource=f"user:{user.id}",
            **details,
        )
        if user.email_verified_at is None:
            return
        is_own = request_context.actor == user_actor(user.id)
        await self.outbox.to_email(
            ACCOUNT_DELETED,
            user.email,
            request_context if is_own else RequestContext(actor=request_context.actor),  # not an administrator's device
            username=user.username,
            locale=user.locale,
            by_administrator=not is_own,
        )
