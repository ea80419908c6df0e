"""Unlink an account at a provider, with everything that follows from it."""

from dataclasses import dataclass
from uuid import UUID

from auth_api.credentials.identities.errors import IdentityNotFoundException
from auth_api.credentials.identities.service import Identities
from auth_api.events.outbox.service import Outbox
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.service import SessionService
from auth_api.sign_in.mails import IDENTITY_UNLINKED
from auth_api.sign_in.ways_in import WaysIn


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRemoval:
    """Removes identities, in a transaction that has locked the row of the user."""

    identities: Identities
    ways_in: WaysIn
    sessions: SessionService
    access_revocation: AccessRevocation
    outbox: Outbox

    async def remove(
        self,
        user_id: int,
        identity_id: int,
        request_context: RequestContext,
        *,
        kept_session_id: UUID | None = None,
        may_be_last: bool = False,
    ) -> None:
        """Remove an identity with its roles, and end the sessions that it has opened.

        Args:
            user_id: the user.
            identity_id: the identity.
            request_context: the client of the request.
            kept_session_id: a session that is not ended.
            may_be_last: whether the user may be left without a way to log in.

        Raises:
            IdentityNotFoundException: the user has no such identity.
            LastSignInMethodException: the user has no other way to log in.
        """
        await self.access_revocation.revoke(AccessEvent.IDENTITY_UNLINKED, user_id)  # locked before the identity
        identity = await self.identities.remove(identity_id, user_id, request_context)
        if identity is None:
            raise IdentityNotFoundException
        if self.identities.is_usable(identity) and not may_be_last:
            await self.ways_in.require_one(user_id)
        await self.sessions.end_of_identity(
            identity_id, user_id, reason=AccessEvent.IDENTITY_UNLINKED, kept_session_id=kept_session_id
        )
        await self.outbox.to_user(
            IDENTITY_UNLINKED, user_id, request_context, provider=self.identities.name_of(identity)
        )
