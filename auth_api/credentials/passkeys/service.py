"""Registers, checks and removes passkeys."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

import msgspec
from loguru import logger

from auth_api.credentials.errors import (
    DuplicatePasskeyException,
    PasskeyInvalidException,
    PasskeyUnknownException,
)
from auth_api.credentials.passkeys import repository
from auth_api.credentials.passkeys.events import PasskeyEvent
from auth_api.credentials.passkeys.mails import PASSKEY_COUNTER_REGRESSED
from auth_api.credentials.passkeys.metrics import counted_ceremony
from auth_api.credentials.passkeys.passkey import Passkey
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.clock import Clock
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.credentials import ClaimableChallenge, CredentialState, RegisteredCredential
from auth_api.kit.crypto.webauthn.errors import CounterRegressedError, InvalidPasskeyError, Rejection
from auth_api.kit.crypto.webauthn.options import CreationOptions, PasskeyUser, RequestOptions
from auth_api.kit.crypto.webauthn.relying_party import RelyingParty
from auth_api.kit.db.database import Database
from auth_api.kit.errors import LimitReachedException, NotFoundException
from auth_api.kit.request_context import RequestContext
from auth_api.used_values.service import UsedValues
from auth_api.users.service import UserService
from auth_api.users.user import User

MAX_PASSKEYS: Final = 20
"""Passkeys that a user may have."""

_CHALLENGE: Final = "webauthn"  # the kind of used values that challenges are


class CheckedPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """A valid use of a passkey that has no effect yet.

    Attributes:
        passkey: the passkey, as it was before.
        claim: uses up the challenge inside the transaction that does what the use allows. It raises a
            PasskeyInvalidException if the challenge was used before, or if the passkey was removed in the meantime.
    """

    passkey: Passkey
    claim: Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyService:
    """Passkeys.

    Attributes:
        relying_party: issues options and verifies what browsers send; None if passkeys are off.
        rp_id: the domain whose passkeys are usable.
    """

    database: Database
    users: UserService
    used_values: UsedValues
    audit: AuditTrail
    outbox: Outbox
    relying_party: RelyingParty | None
    rp_id: str
    clock: Clock

    @property
    def is_on(self) -> bool:
        """Whether users can add and use passkeys."""
        return self.relying_party is not None

    def is_usable(self, passkey: Passkey) -> bool:
        """Return whether browsers can use it here: not if it belongs to another domain."""
        return self.is_on and passkey.rp_id == self.rp_id

    async def usable_by(self, user_ids: Sequence[int]) -> set[int]:
        """Return which of these users have a passkey that they can use."""
        return await repository.users_with_passkey(user_ids, rp_id=self.rp_id) if self.is_on else set()

    def counted(self, purpose: ChallengePurpose) -> AbstractContextManager[None]:
        """Count the outcome of a registration or use that begins and is committed within this context."""
        return counted_ceremony(purpose)

    async def of_user(self, user_id: int) -> tuple[Passkey, ...]:
        """Return the passkeys of a user, usable or not, newest first."""
        return await repository.of_user(user_id)

    async def creation_options(self, user: User, *, binding: str) -> CreationOptions:
        """Return the options with which a browser creates a passkey for a user.

        Args:
            user: the user.
            binding: to whom the challenge belongs; `verify_registration` gets the same.

        Raises:
            LimitReachedException: the user has `MAX_PASSKEYS`.
        """
        passkeys = await repository.of_user(user.id)
        if len(passkeys) >= MAX_PASSKEYS:
            raise LimitReachedException
        account = PasskeyUser(
            id=await self.users.webauthn_handle(user.id),
            name=user.email,
            display_name=user.display_name or user.username,
        )
        registered = [passkey.descriptor for passkey in passkeys]
        return self._party.creation_options(account, registered=registered, binding=binding, now=self.clock())

    def verify_registration(self, credential: object, *, binding: str) -> RegisteredCredential:
        """Verify a new passkey, which `add` then stores.

        Raises:
            PasskeyInvalidException: it is not acceptable.
        """
        try:
            return self._party.register(credential, binding=binding, now=self.clock())
        except InvalidPasskeyError as error:
            raise _rejected(error, ChallengePurpose.REGISTRATION) from error

    async def add(self, user_id: int, registered: RegisteredCredential, *, name: str) -> Passkey:
        """Store a passkey in the transaction of the flow, which has locked the row of the user.

        Raises:
            PasskeyInvalidException: the challenge was used before.
            DuplicatePasskeyException: the passkey is registered already, to any user.
            LimitReachedException: the user has `MAX_PASSKEYS`.
        """
        await self._claim_challenge(registered.challenge, ChallengePurpose.REGISTRATION, user_id=user_id)
        passkey_id = await repository.insert(user_id, registered, name=name, rp_id=self.rp_id)
        if passkey_id is None:
            raise DuplicatePasskeyException
        passkeys = await repository.of_user(user_id)
        if len(passkeys) > MAX_PASSKEYS:
            raise LimitReachedException
        return next(passkey for passkey in passkeys if passkey.id == passkey_id)

    def request_options(self, purpose: ChallengePurpose, *, allowed: Iterable[Passkey], binding: str) -> RequestOptions:
        """Return the options with which a browser uses a passkey.

        Args:
            purpose: of the use.
            allowed: the passkeys that are accepted; empty for any.
            binding: to whom the challenge belongs; `check` gets the same.
        """
        descriptors = [passkey.descriptor for passkey in allowed]
        return self._party.request_options(purpose, allowed=descriptors, binding=binding, now=self.clock())

    async def check(
        self,
        credential: object,
        purpose: ChallengePurpose,
        *,
        binding: str,
        user_id: int | None,
        request_context: RequestContext,
    ) -> CheckedPasskey:
        """Check the use of a passkey, not within a transaction.

        Args:
            credential: the JSON value that the browser sent.
            purpose: of the use.
            binding: to whom the challenge must belong.
            user_id: whose passkey it must be; None for a login, where the passkey identifies the user.
            request_context: the client of the request.

        Raises:
            PasskeyInvalidException: it is not acceptable. If a counter decreased, the user learns about it.
            PasskeyUnknownException: no user has this passkey.
        """
        try:
            assertion = self._party.read_assertion(credential, purpose, binding=binding, now=self.clock())
        except InvalidPasskeyError as error:
            raise _rejected(error, purpose) from error
        passkey = await repository.find(assertion.credential_id)
        if passkey is None:
            raise PasskeyUnknownException
        if not self.is_usable(passkey):
            raise _rejected(Rejection.EARLIER_RP_ID, purpose, user_id=passkey.user_id)
        if user_id not in {None, passkey.user_id}:
            raise _rejected(Rejection.WRONG_USER, purpose, user_id=passkey.user_id)
        try:
            state = self._party.verify_assertion(assertion, passkey.stored)
        except InvalidPasskeyError as error:
            if isinstance(error, CounterRegressedError):
                await self._report_copy(passkey, assertion.challenge, purpose, request_context)
            raise _rejected(error, purpose, user_id=passkey.user_id) from error
        return CheckedPasskey(passkey=passkey, claim=self._claim(passkey, assertion.challenge, purpose, state))

    async def remove(self, passkey_id: int, *, user_id: int) -> bool:
        """Remove a passkey in the transaction of the flow. Return False if the user has none with this id."""
        return await repository.delete(passkey_id, user_id=user_id)

    @property
    def _party(self) -> RelyingParty:
        if self.relying_party is None:
            raise NotFoundException
        return self.relying_party

    def _claim(
        self, passkey: Passkey, challenge: ClaimableChallenge, purpose: ChallengePurpose, state: CredentialState
    ) -> Callable[[], Awaitable[None]]:
        async def claim() -> None:
            await self._claim_challenge(challenge, purpose, user_id=passkey.user_id)
            if not await repository.record_use(passkey.id, state):
                raise _rejected(Rejection.CHANGED_MEANWHILE, purpose, user_id=passkey.user_id)

        return claim

    async def _claim_challenge(self, challenge: ClaimableChallenge, purpose: ChallengePurpose, *, user_id: int) -> None:
        if not await self.used_values.claim(_CHALLENGE, challenge.value, challenge.expires_at):
            raise _rejected(Rejection.CHALLENGE_USED, purpose, user_id=user_id)

    async def _report_copy(
        self,
        passkey: Passkey,
        challenge: ClaimableChallenge,
        purpose: ChallengePurpose,
        request_context: RequestContext,
    ) -> None:
        """Tell the user that the passkey may have been copied, except when a request was only sent again."""

        async def work() -> None:
            await self._claim_challenge(challenge, purpose, user_id=passkey.user_id)
            await self.audit.record(
                PasskeyEvent.PASSKEY_COUNTER_REGRESSED,
                user_id=passkey.user_id,
                request_context=request_context,
                resource=f"passkey:{passkey.id}",
            )
            await self.outbox.to_user(PASSKEY_COUNTER_REGRESSED, passkey.user_id, request_context)

        await self.database.transaction(work)


def _rejected(
    why: InvalidPasskeyError | Rejection, purpose: ChallengePurpose, *, user_id: int | None = None
) -> PasskeyInvalidException:
    """Log the reason, and return the error for the client, which does not contain it."""
    error = InvalidPasskeyError(why) if isinstance(why, Rejection) else why
    logger.bind(
        event="passkey:rejected", purpose=purpose.name.lower(), reason=error.reason, error_type=error.error_type
    ).info("a passkey was not accepted")
    return PasskeyInvalidException(is_replay=error.reason == Rejection.CHALLENGE_USED, user_id=user_id)
