"""Changes of the second factors of an account by its user, with everything that follows from them."""

from dataclasses import dataclass
from uuid import UUID

from auth_api.credentials.errors import FactorNotFoundException, LastFactorException
from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.recovery_codes.service import NewRecoveryCodes
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.sign_in.events import FactorEvent, RemovalReason
from auth_api.sign_in.factor_results import AddedFactor, AdditionEffects, NewFactor, TwoStepState
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.mails import FACTOR_ADDED, FACTOR_REMOVED, TWO_STEP_CHANGED
from auth_api.sign_in.pending_logins import PendingLogins
from auth_api.sign_in.second_factors import AccountFactors, SecondFactors
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorChanges:
    """Call all methods in the transaction that changes a factor, an admission first.

    The admission locks the row of the user, so that changes of one account wait for each other, and decides on what is
    stored then: a session whose level was enough when it began to add a factor may be too weak after another session
    has added one.
    """

    users: UserService
    sessions: SessionService
    freshness: Freshness
    second_factors: SecondFactors
    pending_logins: PendingLogins
    access_revocation: AccessRevocation
    audit: AuditTrail
    outbox: Outbox

    async def admit_enrolment(self, principal: Principal) -> User:
        """Let the user begin to add a factor, and return the user.

        Raises:
            EmailNotVerifiedException: mail is on, and the e-mail address is not verified. Its owner could otherwise be
                locked out of an account that a stranger registered.
            StepUpRequiredException: the last proof of identity is too weak or too old.
            TokenRevokedException: the session has ended in the meantime.
            UserNotFoundException: the user was deleted in the meantime.
        """
        user, present = await self._lock(principal)
        self.require_verified(user)
        await self.freshness.require(present, adds_factor=True)
        return user

    def require_verified(self, user: User) -> None:
        """Check that a user may add factors.

        Raises:
            EmailNotVerifiedException: mail is on, and the e-mail address is not verified.
        """
        if self.outbox.is_on and user.email_verified_at is None:
            raise EmailNotVerifiedException

    async def admit_change(self, principal: Principal, *, adds_factor: bool = False) -> AccountFactors:
        """Let the user change the factors, and return those before the change. Pending logins end.

        Args:
            principal: the caller.
            adds_factor: whether the change completes an enrolment. The age of the last proof of identity was checked
                when it began; now only its level counts.

        Raises:
            StepUpRequiredException: the last proof of identity is too weak or too old.
            TokenRevokedException: the session has ended in the meantime.
            UserNotFoundException: the user was deleted in the meantime.
        """
        _, present = await self._lock(principal)
        factors = await self.freshness.require(present, is_recent=not adds_factor, adds_factor=adds_factor)
        await self.pending_logins.end_all(principal.id)  # locked before the factors
        return factors

    async def complete_addition(
        self, principal: Principal, before: AccountFactors, new: NewFactor, request_context: RequestContext
    ) -> AddedFactor:
        """Apply what follows from a new factor, which is also a proof of identity to the session of the caller.

        Raises:
            TokenRevokedException: the session of the caller has ended in the meantime.
        """
        user_id, kept = principal.id, principal.session_id
        effects = await self._apply_addition(user_id, new, is_first=not before.has_any, kept_session_id=kept)
        if new.is_replacement:
            await self.sessions.forget_second_factors(user_id, kept_session_id=kept)
        session = await self.sessions.add_proof(principal, new.method)
        if new.is_replacement:
            await self._record_removal(user_id, new.kind, RemovalReason.REPLACED, request_context)
        await self._record_addition(user_id, new, effects, request_context)
        return AddedFactor(
            session=session, sessions_ended=effects.sessions_ended, recovery_codes=effects.recovery_codes
        )

    async def complete_first_addition(
        self, user_id: int, new: NewFactor, request_context: RequestContext
    ) -> NewRecoveryCodes | None:
        """Apply what follows from the first factor, which a login without a session has added. All sessions end.

        Returns:
            The recovery codes that come with it.
        """
        effects = await self._apply_addition(user_id, new, is_first=True, kept_session_id=None)
        await self._record_addition(user_id, new, effects, request_context)
        return effects.recovery_codes

    async def _apply_addition(
        self, user_id: int, new: NewFactor, *, is_first: bool, kept_session_id: UUID | None
    ) -> AdditionEffects:
        is_enabled = new.enables_two_step and await self.users.set_two_step(user_id, is_on=True) is not None
        codes = await self.second_factors.recovery_codes.replace(user_id) if is_first else None
        event = AccessEvent.TWO_STEP_ENABLED if is_enabled else AccessEvent.FACTORS_CHANGED
        ended = await self.access_revocation.revoke(event, user_id, kept_session_id=kept_session_id)
        return AdditionEffects(is_two_step_enabled=is_enabled, sessions_ended=ended, recovery_codes=codes)

    async def _record_addition(
        self, user_id: int, new: NewFactor, effects: AdditionEffects, request_context: RequestContext
    ) -> None:
        await self.audit.record(
            FactorEvent.FACTOR_ADDED, user_id=user_id, request_context=request_context, kind=new.kind
        )
        if effects.is_two_step_enabled:
            await self.audit.record(
                FactorEvent.TWO_STEP_ENABLED,
                user_id=user_id,
                request_context=request_context,
                sessions_ended=effects.sessions_ended,
            )
        await self.outbox.to_user(
            FACTOR_ADDED,
            user_id,
            request_context,
            factor=new.kind,
            is_replacement=new.is_replacement,
            is_two_step=effects.is_two_step_enabled,
        )

    async def complete_removal(
        self, principal: Principal, kind: FactorKind, request_context: RequestContext, *, is_disabled: bool = False
    ) -> None:
        """Apply what follows from the removal of a factor after it was deleted.

        Args:
            principal: the caller.
            kind: the kind of the factor.
            request_context: the client of the request.
            is_disabled: whether two-step login has just been switched off.

        Raises:
            LastFactorException: the server requires a second factor, and the user can use none of those that are left.
        """
        user_id = principal.id
        left = await self._factors_left(user_id)
        if not left.has_any:
            await self.second_factors.recovery_codes.remove_all(user_id)
        if not left.has_usable and await self.users.set_two_step(user_id, is_on=False) is not None:
            is_disabled = True
            await self.audit.record(FactorEvent.TWO_STEP_DISABLED, user_id=user_id, request_context=request_context)
        await self.access_revocation.revoke(AccessEvent.FACTORS_CHANGED, user_id)
        await self.sessions.forget_second_factors(
            user_id, kept_session_id=principal.session_id if left.has_usable else None
        )
        await self._record_removal(user_id, kind, RemovalReason.OWNER, request_context)
        await self.outbox.to_user(FACTOR_REMOVED, user_id, request_context, factor=kind, is_disabled=is_disabled)

    async def enable_two_step(
        self, principal: Principal, before: AccountFactors, request_context: RequestContext
    ) -> TwoStepState:
        """Switch on two-step login, and end all other sessions. Nothing changes if it is on.

        Raises:
            FactorNotFoundException: the account has no factor that it can use.
        """
        user = await self.users.set_two_step(principal.id, is_on=True)
        if user is None:
            credentials = await self.users.get_credentials(principal.id)
            return TwoStepState(since=credentials.user.two_step_since)
        if not before.has_usable:
            raise FactorNotFoundException
        ended = await self.access_revocation.revoke(
            AccessEvent.TWO_STEP_ENABLED, principal.id, kept_session_id=principal.session_id
        )
        await self.audit.record(
            FactorEvent.TWO_STEP_ENABLED, user_id=principal.id, request_context=request_context, sessions_ended=ended
        )
        await self.outbox.to_user(TWO_STEP_CHANGED, principal.id, request_context, is_on=True)
        return TwoStepState(since=user.two_step_since, sessions_ended=ended)

    async def disable_two_step(self, principal: Principal, request_context: RequestContext) -> TwoStepState:
        """Switch off two-step login. Nothing changes if it is off.

        An authenticator app is removed, because it has no other use.

        Raises:
            LastFactorException: the server requires a second factor, and the user can use none of those that are left.
        """
        if await self.users.set_two_step(principal.id, is_on=False) is None:
            return TwoStepState(since=None)
        await self.audit.record(FactorEvent.TWO_STEP_DISABLED, user_id=principal.id, request_context=request_context)
        if await self.second_factors.totp.remove(principal.id):
            await self.complete_removal(principal, FactorKind.TOTP, request_context, is_disabled=True)
        else:
            await self._factors_left(principal.id)
            await self.access_revocation.revoke(AccessEvent.FACTORS_CHANGED, principal.id)
            await self.outbox.to_user(TWO_STEP_CHANGED, principal.id, request_context, is_on=False)
        return TwoStepState(since=None)

    async def _factors_left(self, user_id: int) -> AccountFactors:
        """Return the factors after a removal, unless the server requires one more that can be used."""
        left = await self.second_factors.of_user(user_id)
        if not left.has_usable and await self.freshness.is_factor_required(user_id):
            raise LastFactorException
        return left

    async def _lock(self, principal: Principal) -> tuple[User, Principal]:
        """Lock the user, and return them with what the session has proved by now."""
        user = await self.users.lock(principal.id)
        if user is None:
            raise UserNotFoundException
        return user, await self.sessions.reload(principal)

    async def _record_removal(
        self, user_id: int, kind: FactorKind, reason: RemovalReason, request_context: RequestContext
    ) -> None:
        await self.audit.record(
            FactorEvent.FACTOR_REMOVED, user_id=user_id, request_context=request_context, kind=kind, reason=reason
        )
