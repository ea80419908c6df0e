"""Decide whether a proven user gets a session, and open it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from loguru import logger

from auth_api.events.audit.actors import user_actor
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.db.database import Database
from auth_api.kit.errors import AuthException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.assurance import Level, assurance_level
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.opened import OpenedSession
from auth_api.sessions.opening import SessionOpening
from auth_api.sign_in.errors import (
    AccountDisabledException,
    EmailNotVerifiedException,
    MfaEnrolmentRequiredException,
    MfaRequiredException,
)
from auth_api.sign_in.events import LoginEvent, SecondFactorEvent
from auth_api.sign_in.mails import NEW_NETWORK
from auth_api.sign_in.metrics import FACTOR_OUTCOMES, LOGINS, OUTCOMES_BY_ERROR
from auth_api.sign_in.pending_login import PendingPurpose
from auth_api.sign_in.pending_logins import PendingLogins
from auth_api.sign_in.policy import MfaPolicy
from auth_api.sign_in.proof import Claim, Proof
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.users.policy import VerificationPolicy
from auth_api.users.user import Credentials, User


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A user and the session that was opened. The caller decides how the session gets to the client."""

    user: User
    session: OpenedSession


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Opens all sessions, after a proof of identity by any method."""

    database: Database
    opening: SessionOpening
    audit: AuditTrail
    outbox: Outbox
    verification_policy: VerificationPolicy
    mfa_policy: MfaPolicy
    second_factors: SecondFactors
    pending_logins: PendingLogins

    async def log_in(
        self,
        claim: Claim,
        *,
        user_id: int | None,
        has_logged_in: bool,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> SignedIn:
        """Open a session for a login, in a transaction of its own, and record the outcome.

        Args:
            claim: locks the user's row and returns the proof.
            user_id: the user who logs in; None for an account that `claim` creates.
            has_logged_in: whether the user had logged in before, so that a new network is worth a notice.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            MfaRequiredException: the user must prove a second factor. What `claim` has changed is kept.
            MfaEnrolmentRequiredException: the user must add a second factor. The same is kept.
            AuthException: another error that `claim` raised, or one of `complete`. Nothing else was changed.
        """

        async def work() -> SignedIn | MfaRequiredException | MfaEnrolmentRequiredException:
            proof = await claim()
            self._require_admissible(proof)
            if (missing := await self._missing_factor(proof, request_context)) is not None:
                details: dict[str, Any] = {}
                if isinstance(missing, MfaEnrolmentRequiredException):
                    details["enrolment"] = True
                await self.audit.record(
                    SecondFactorEvent.LOGIN_SECOND_FACTOR_REQUESTED,
                    user_id=proof.user.id,
                    request_context=request_context,
                    **details,
                )
                return missing
            signed_in = await self._open(proof, request_context, carrier)
            await self.audit.record(
                LoginEvent.LOGIN_SUCCEEDED,
                user_id=proof.user.id,
                request_context=request_context.with_actor(user_actor(proof.user.id)),
                methods=proof.methods,
                acr=_level(proof),
                **({} if proof.provider is None else {"provider": proof.provider}),
            )
            is_first_login = signed_in.session.is_first and not has_logged_in
            if not (signed_in.session.is_known_network or is_first_login):
                await self.outbox.to_user(NEW_NETWORK, proof.user.id, request_context)
            return signed_in

        try:
            outcome = await self.database.transaction(work)
        except AuthException as error:  # rolled back, with `last_login` and a renewed hash
            if (reason := OUTCOMES_BY_ERROR.get(type(error))) is not None:
                await self.record_failure(reason, user_id=user_id, request_context=request_context)
            raise
        if isinstance(outcome, MfaRequiredException | MfaEnrolmentRequiredException):
            LOGINS[FACTOR_OUTCOMES[type(outcome)]].inc()
            raise outcome
        LOGINS["succeeded"].inc()
        return outcome

    async def complete(
        self, proof: Proof, request_context: RequestContext, *, carrier: BrowserCarrier | None = None
    ) -> SignedIn:
        """Open a session inside the transaction that holds the proof. The calling flow records its own event.

        Only for flows whose accounts have no second factor yet, or whose caller is signed in. Where the server requires
        second factors, a new account gets no session, because its e-mail address is not verified.

        Args:
            proof: of the user's identity.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            AccountDisabledException: the account is disabled.
            EmailNotVerifiedException: the e-mail address must be verified first.
        """
        self._require_admissible(proof)
        return await self._open(proof, request_context, carrier)

    async def _open(self, proof: Proof, request_context: RequestContext, carrier: BrowserCarrier | None) -> SignedIn:
        session = await self.opening.open(
            proof.user.id,
            at=proof.opened_at or proof.auth_time,
            auth_time=None if proof.opened_at is None else proof.auth_time,
            amr=proof.methods,
            mfa_at=proof.mfa_at,
            identity_id=proof.identity_id,
            request_context=request_context,
            carrier=carrier,
        )
        return SignedIn(user=proof.user, session=session)

    def _require_admissible(self, proof: Proof) -> None:
        """Raise the first reason against a session, which is decided on the locked row only."""
        if not proof.user.is_active:
            raise AccountDisabledException
        requires_verification = self.verification_policy.required and not proof.is_signed_in
        if requires_verification and proof.user.email_verified_at is None:
            raise EmailNotVerifiedException

    async def _missing_factor(
        self, proof: Proof, request_context: RequestContext
    ) -> MfaRequiredException | MfaEnrolmentRequiredException | None:
        """Keep the login pending if the user must prove or add a second factor, and return the error that says so.

        An account with a factor that cannot be used must not add another one by its password.
        """
        if self.is_enough(proof, proof.methods, proof.mfa_at):
            return None
        factors = await self.second_factors.of_user(proof.user.id)
        if not (proof.user.two_step_since is not None or factors.has_any):
            token = await self.pending_logins.begin(proof, PendingPurpose.ENROLMENT, request_context)
            return MfaEnrolmentRequiredException(token, self.second_factors.addable(factors))
        if not factors.has_usable:
            logger.bind(event="login:no_usable_factor", user_id=proof.user.id).error(
                "the user must prove a second factor, and this server can check none"
            )
        token = await self.pending_logins.begin(proof, PendingPurpose.SECOND_FACTOR, request_context)
        return MfaRequiredException(token, factors.usable)

    def is_enough(self, user: Proof | Credentials, methods: Sequence[str], mfa_at: datetime | None) -> bool:
        """Return whether the user needs no second step after these methods, however long ago they were proved.

        Args:
            user: the user with the facts about the roles, as they are now.
            methods: how the user has proved their identity (RFC 8176), in the order of time.
            mfa_at: the time of the last proof by a second factor; None if there was none.
        """
        if user.user.two_step_since is None and not self.mfa_policy.requires(user):
            return True
        return mfa_at is not None and assurance_level(methods, mfa_at, mfa_at, max_age=None).satisfies(Level.AAL2)

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


def _level(proof: Proof) -> Level:
    return assurance_level(proof.methods, proof.mfa_at, proof.auth_time, max_age=None)
