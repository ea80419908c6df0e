"""The check of a password, with the throttle of wrong ones."""

from dataclasses import dataclass
from typing import Final

from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.errors import ServerOverloadedException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.users.user import Credentials

NO_USER_ID: Final = 0
"""An id that no user has. Queries about an unknown user use it, so that they cost the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordService:
    """Checks passwords. Every flow that checks one shares the counters of wrong passwords."""

    database: Database
    hasher: PasswordHasher
    throttle: AccountThrottle
    sessions: SessionService
    audit: AuditTrail

    async def check(
        self, password: str, *, credentials: Credentials | None, identifier: str, request_context: RequestContext
    ) -> bool:
        """Return whether the password is the user's. The attempt is counted before the hash is computed.

        Args:
            password: the password as received.
            credentials: the user and the stored hash; None if the user does not exist.
            identifier: the canonical username or e-mail address; attempts on an unknown user are counted under it.
            request_context: the client of the request.

        Raises:
            TooManyAttemptsException: there were too many wrong passwords. This one was not compared.
            ServerOverloadedException: too many hashes are waiting. This attempt does not count.
        """
        user_id, stored = (credentials.user.id, credentials.hashed_password) if credentials else (None, None)
        return await self._check(
            password, stored, user_id=user_id, identifier=identifier, request_context=request_context
        )

    async def check_hash(self, password: str, stored: str, *, identifier: str, request_context: RequestContext) -> bool:
        """Return whether the password belongs to a hash that no user has yet; see `check`."""
        return await self._check(password, stored, user_id=None, identifier=identifier, request_context=request_context)

    async def _check(
        self,
        password: str,
        stored: str | None,
        *,
        user_id: int | None,
        identifier: str,
        request_context: RequestContext,
    ) -> bool:
        keys = self.throttle.keys(user_id=user_id, identifier=identifier, client_ip=request_context.client_ip)
        with self.hasher.reserved_slot():
            attempt = await self.throttle.admit(
                keys,
                is_known_network=lambda: self.sessions.is_known_network(
                    user_id or NO_USER_ID, request_context.client_ip
                ),
            )
            try:
                is_correct = await self.hasher.verify(password, stored)
            except ServerOverloadedException:
                await self.throttle.undo(attempt)
                raise
        if is_correct:
            await self.throttle.record_success(keys, attempt)
        elif attempt.blocks:  # later attempts, which are refused, leave no row: a flood must not fill the history
            await self.database.statement(
                lambda: self.audit.record(
                    PasswordEvent.LOGIN_THROTTLED, user_id=user_id, request_context=request_context
                )
            )
        return is_correct
