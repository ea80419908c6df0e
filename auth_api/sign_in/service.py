"""Decide whether a proven user gets a session, and open it."""

from dataclasses import dataclass

import msgspec

from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.errors import AuthException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.service import OpenedSession, SessionService
from auth_api.sign_in.errors import AccountDisabledException, EmailNotVerifiedException, MfaRequiredException
from auth_api.sign_in.events import LoginEvent
from auth_api.sign_in.mails import NEW_NETWORK
from auth_api.sign_in.metrics import LOGINS, OUTCOMES_BY_ERROR
from auth_api.sign_in.proof import Claim, Proof
from auth_api.users.policy import VerificationPolicy
from auth_api.users.user import User


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A user and the session that was opened. The caller decides how the session gets to the client."""

    user: User
    session: OpenedSession


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Opens all sessions, after a proof of identity by any method."""

    database: Database
    sessions: SessionService
    audit: AuditTrail
    outbox: Outbox
    verification_policy: VerificationPolicy

    async def log_in(self, claim: Claim, *, found: User, request_context: RequestContext) -> SignedIn:
        """Open a session for a login, in a transaction of its own, and record the outcome.

        Args:
            claim: locks the user's row and returns the proof.
            found: the user before the login.
            request_context: the client of the request.

        Raises:
            AuthException: the error that `claim` raised, or one of `complete`. Nothing else was changed.
        """

        async def work() -> SignedIn:
            signed_in = await self.complete(await claim(), request_context)
            await self.audit.record(LoginEvent.LOGIN_SUCCEEDED, user_id=found.id, request_context=request_context)
            is_first_login = signed_in.session.is_first and found.last_login is None
            if not (signed_in.session.is_known_network or is_first_login):
                await self.outbox.to_user(NEW_NETWORK, found.id, request_context)
            return signed_in

        try:
            signed_in = await self.database.transaction(work)
        except AuthException as error:  # rolled back, with `last_login` and a renewed hash
            await self.record_failure(OUTCOMES_BY_ERROR[type(error)], user_id=found.id, request_context=request_context)
            raise
        LOGINS["succeeded"].inc()
        return signed_in

    async def complete(self, proof: Proof, request_context: RequestContext) -> SignedIn:
        """Open a session inside the transaction that holds the proof. The calling flow records its own event.

        Raises:
            AccountDisabledException: the account is disabled.
            EmailNotVerifiedException: the e-mail address must be verified first.
            MfaRequiredException: the user has switched on two-step login, which needs a later version.
        """
        self._require_admissible(proof)
        session = await self.sessions.open(
            proof.user.id,
            at=proof.auth_time,
            amr=proof.methods,
            mfa_at=proof.mfa_at,
            request_context=request_context,
        )
        return SignedIn(user=proof.user, session=session)

    def _require_admissible(self, proof: Proof) -> None:
        """Raise the first reason against a session, which is decided on the locked row only."""
        if not proof.user.is_active:
            raise AccountDisabledException
        requires_verification = self.verification_policy.required and not proof.is_signed_in
        if requires_verification and proof.user.email_verified_at is None:
            raise EmailNotVerifiedException
        if proof.user.two_step_since is not None:
            raise MfaRequiredException

    async def record_failure(self, reason: str, *, user_id: int | None, request_context: RequestContext) -> None:
        """Record a failed login.

        Args:
            reason: an outcome of the metric `logins`.
            user_id: None if no user was found.
            request_context: the client of the request.
        """
        await self.database.statement(
            lambda: self.audit.record(
                LoginEvent.LOGIN_FAILED, user_id=user_id, request_context=request_context, reason=reason
            )
        )
        LOGINS[reason].inc()

    def count_throttled(self) -> None:
        """Count a login that was refused before the proof was checked. It is not in the history: there may be many."""
        LOGINS["throttled"].inc()
