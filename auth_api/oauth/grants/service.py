"""Finds and ends grants: what applications hold for users."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.oauth.grants import repository
from auth_api.oauth.grants.events import GrantEvent
from auth_api.oauth.grants.grant import Grant, GrantEnd
from auth_api.oauth.grants.mails import APP_TOKEN_REUSED
from auth_api.oauth.grants.refresh_tokens import handle_digest

EVENTS: Final = {
    GrantEnd.CODE_REUSED: GrantEvent.OAUTH_CODE_REUSED,
    GrantEnd.TOKEN_REUSED: GrantEvent.OAUTH_REFRESH_TOKEN_REUSED,
}
"""The events of reasons that have one of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What applications hold for users. `GrantTokens` makes it, and exchanges refresh tokens."""

    database: Database
    audit: AuditTrail
    outbox: Outbox

    async def find(self, grant_id: UUID) -> Grant | None:
        """Return a live grant.

        Returns:
            None if it is unknown or has ended, if its application or user is disabled, if the user lacks the role that
            the application requires, or if the session of an online grant has ended.
        """
        return await repository.find(grant_id)

    async def find_by_refresh_token(self, raw: str) -> Grant | None:
        """Return the live grant of a refresh token, valid or not: its handle counts. See `find`."""
        handle_hash = handle_digest(raw)
        return await repository.find_by_handle(handle_hash) if handle_hash is not None else None

    async def end(
        self, grant_id: UUID, request_context: RequestContext, *, reason: GrantEnd, warns: bool = False
    ) -> bool:
        """End a grant, and record it. Of any number of concurrent callers, one gets True.

        Args:
            grant_id: the grant, live or not.
            request_context: the client of the request.
            reason: why it ends.
            warns: whether the user gets a mail about a copied token.
        """

        async def work() -> bool:
            if (ended := await repository.end(grant_id, reason=reason)) is None:
                return False
            user_id, client_id, name = ended
            await self.audit.record(
                EVENTS.get(reason, GrantEvent.OAUTH_GRANT_ENDED),
                user_id=user_id,
                request_context=request_context,
                resource=f"grant:{grant_id}",
                client=client_id,
                application=name,
            )
            if warns:
                await self.outbox.to_user(APP_TOKEN_REUSED, user_id, request_context, application=name)
            return True

        return await self.database.transaction(work)

    async def end_of_user(self, user_id: int, *, only_online: bool, reason: str) -> int:
        """End the grants of a user, or only the online ones. Return their number.

        Call it inside the flow's transaction that has locked the user's row.
        """
        return await repository.end_of_user(user_id, only_online=only_online, reason=reason)

    async def end_of_client(self, user_id: int, client_row_id: int, *, reason: str) -> int:
        """End the grants of an application for a user, see `end_of_user`."""
        return await repository.end_of_client(user_id, client_row_id, reason=reason)
