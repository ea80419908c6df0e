"""The one way to find out whether a password is right."""

from contextlib import nullcontext
from dataclasses import dataclass

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import PasswordHasher, Place
from auth_api.kit.errors import ServerOverloadedException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import SessionService
from auth_api.throttling.accounts import AccountThrottle
from auth_api.users.user import Credentials

NOBODY = 0
"""An id that no account has: what is asked about accounts that do not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordService:
    """Every path that checks a password shares its counters."""

    hasher: PasswordHasher
    throttle: AccountThrottle
    sessions: SessionService
    audit: AuditTrail

    async def check(
        self,
        password: str,
        *,
        found: Credentials | None,
        name: str,
        request_context: RequestContext,
        place: Place | None = None,
    ) -> bool:
        """Tell whether the password is the account's. Counted before it is looked at.

        Args:
            password: what somebody sent.
            found: the account; None where there is none.
            name: the canonical name that was tried; stands for an account that does not exist.
            request_context: where the request came from.
            place: one that the hasher kept for this; None takes one now.

        Raises:
            TooManyAttemptsException: too many were wrong; this one was not looked at.
            ServerOverloadedException: too many hashes wait already; this attempt does not count.
        """
        user_id, stored = (found.user.id, found.hashed_password) if found is not None else (None, None)
        with nullcontext(place) if place is not None else self.hasher.place() as kept:
            return await self._check(
                password, stored, user_id=user_id, name=name, request_context=request_context, place=kept
            )

    async def check_hash(self, password: str, stored: str, *, name: str, request_context: RequestContext) -> bool:
        """Tell whether a password is the one of a hash that belongs to no account yet; see `check`."""
        with self.hasher.place() as place:
            return await self._check(
                password, stored, user_id=None, name=name, request_context=request_context, place=place
            )

    async def _check(  # noqa: PLR0913 - each of them decides
        self,
        password: str,
        stored: str | None,
        *,
        user_id: int | None,
        name: str,
        request_context: RequestContext,
        place: Place,
    ) -> bool:
        target = self.throttle.target(user_id=user_id, name=name, address=request_context.ip_address)
        counted = await self.throttle.admit(
            target, is_known_network=lambda: self.sessions.knows_network(user_id or NOBODY, request_context.ip_address)
        )
        try:
            matches = await self.hasher.verify(password, stored, place)
        except ServerOverloadedException:
            await self.throttle.take_back(counted)
            raise
        if matches:
            await self.throttle.succeed(target, counted)
        elif counted.blocks:  # those that are refused now leave no row: a flood must not fill the history
            await self.audit.record(EventTag.LOGIN_THROTTLED, user_id=user_id, request_context=request_context)
        return matches
