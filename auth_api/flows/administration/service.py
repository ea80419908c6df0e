"""Looking accounts up, disabling, enabling and deleting them."""

from dataclasses import dataclass
from typing import Final

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.users.errors import UserNotFoundException
from auth_api.users.identifiers import parse_identifier
from auth_api.users.service import UserService
from auth_api.users.user import User

DISABLED: Final = "account_disabled"
DELETED: Final = "account_deleted"
BY: Final = "command line"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministrationService:
    """Accounts as an operator sees them."""

    database: Database
    users: UserService
    sessions: SessionService
    audit: AuditTrail

    async def find(self, name: str) -> User:
        """Return the account with this address or username.

        Raises:
            UserNotFoundException: there is none.
        """
        found = await self.users.find_credentials(parse_identifier(email=None, username=name))
        if found is None:
            raise UserNotFoundException
        return found.user

    async def newest(self, limit: int) -> list[User]:
        """Return the accounts that were made last, newest first."""
        return await self.users.newest(limit)

    async def disable(self, name: str) -> bool:
        """Deactivate an account and end all its sessions. False if it was deactivated already.

        Raises:
            UserNotFoundException: there is none.
        """
        user = await self.find(name)

        async def work() -> bool:
            if await self.users.set_active(user.id, active=False) is None:
                return False
            ended = await self.sessions.end_all(user.id, reason=DISABLED)
            await self.audit.record(
                EventTag.ACCOUNT_DISABLED,
                user_id=user.id,
                request_context=RequestContext(),
                by=BY,
                sessions_ended=ended,
            )
            return True

        return await self.database.transaction(work)

    async def enable(self, name: str) -> bool:
        """Activate an account again. False if it was active already.

        Raises:
            UserNotFoundException: there is none.
        """
        user = await self.find(name)

        async def work() -> bool:
            if await self.users.set_active(user.id, active=True) is None:
                return False
            await self.audit.record(EventTag.ACCOUNT_ENABLED, user_id=user.id, request_context=RequestContext(), by=BY)
            return True

        return await self.database.transaction(work)

    async def delete(self, user: User) -> None:
        """Delete an account with its sessions and tokens. Its history stays, without the person.

        Raises:
            UserNotFoundException: it is gone.
        """

        async def work() -> None:
            # Sessions are locked before their account, as refreshing and logging out do it: no deadlock.
            await self.sessions.end_all(user.id, reason=DELETED)
            if not await self.users.delete_by_id(user.id):
                raise UserNotFoundException
            await self.audit.record(EventTag.ACCOUNT_DELETED, user_id=user.id, request_context=RequestContext(), by=BY)

        await self.database.transaction(work)
