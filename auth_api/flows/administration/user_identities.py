"""The accounts at providers of a user, for operators."""

from collections.abc import Sequence
from dataclasses import dataclass

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.service import Identities
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.sign_in.identity_removal import IdentityRemoval
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentities:
    """Lists and unlinks the accounts at providers of any user."""

    database: Database
    users: UserService
    identities: Identities
    removal: IdentityRemoval

    async def list(self, user_id: int) -> Sequence[Identity]:
        """Return the identities of a user, newest first."""
        return await self.identities.of_user(user_id)

    async def unlink(
        self, user_id: int, identity_id: int, request_context: RequestContext, *, may_be_last: bool
    ) -> None:
        """Remove an identity of a user, and end the sessions that it has opened.

        Args:
            user_id: the user.
            identity_id: the identity.
            request_context: who does it.
            may_be_last: whether the user may be left without a way to log in.

        Raises:
            IdentityNotFoundException: the user has no such identity.
            LastSignInMethodException: the user has no other way to log in.
        """

        async def work() -> None:
            await self.users.lock(user_id)
            await self.removal.remove(user_id, identity_id, request_context, may_be_last=may_be_last)

        await self.database.transaction(work)
