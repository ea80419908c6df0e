"""Log in with what a provider has proved."""

from dataclasses import dataclass
from typing import Final

import msgspec

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.service import Identities
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.flows.federation.account_decision import AccountCase, AccountDecision, AccountDecisions, LostRaceError
from auth_api.flows.federation.errors import IdentityLinkRequiredException, SignUpRequiredException
from auth_api.flows.federation.federated_registration import FederatedRegistration, SignUpForm
from auth_api.flows.federation.mails import ACCOUNT_CLAIMED
from auth_api.kit.db.database import Database
from auth_api.kit.errors import AuthException
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.access_events import AccessEvent
from auth_api.sessions.access_revocation import AccessRevocation
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sign_in.identity_uses import IdentityUses
from auth_api.sign_in.proof import Proof
from auth_api.sign_in.registration import Registration
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow, FlowPurpose
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.errors import RegistrationClosedException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.service import UserService
from auth_api.users.user import User

MAX_DECISIONS: Final = 3
"""Decisions about one sign-in, if concurrent requests change the account between decision and lock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedSignIn:
    """Hands the proofs of providers over to `SignIn`. The account is locked first, then the flow is used up."""

    database: Database
    users: UserService
    email_ownership: EmailOwnership
    decisions: AccountDecisions
    identities: Identities
    uses: IdentityUses
    registration: FederatedRegistration
    flows: SignInFlows
    sign_in: SignIn
    access_revocation: AccessRevocation
    audit: AuditTrail
    outbox: Outbox

    async def log_in(
        self, flow: Flow, request_context: RequestContext, *, carrier: BrowserCarrier | None = None
    ) -> SignedIn:
        """Return the user of a proof and a new session.

        Args:
            flow: a proved flow that leads to a session, which is used up.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            SignUpRequiredException: no account belongs to the proof, and the person may register.
            RegistrationClosedException: no account belongs to it, and the person may not register.
            IdentityLinkRequiredException: an account has the proven e-mail address, and is not linked.
            FlowInvalidException: the flow was used or has expired, is for something else, or the account went on
                changing.
            MfaRequiredException: the user must prove a second factor.
            MfaEnrolmentRequiredException: the user must add a second factor.
            AccountDisabledException: the account is disabled.
            EmailNotVerifiedException: the e-mail address must be verified first.
        """
        if flow.purpose not in {FlowPurpose.HAND_OFF, FlowPurpose.PAGE}:
            raise FlowInvalidException
        upstream = self.uses.upstream_of(flow)
        for _ in range(MAX_DECISIONS):
            decision = await self.decisions.decide(upstream)
            try:
                if decision.case in {AccountCase.LINKED, AccountCase.CLAIMABLE}:
                    return await self._log_in(flow, upstream, decision, request_context, carrier)
                refusal = await self._refuse(flow, upstream, decision)
            except LostRaceError:
                continue
            raise refusal
        raise FlowInvalidException

    async def register(  # noqa: PLR0913 - the fields of the form, and the client
        self,
        signup_token: str,
        *,
        username: CanonicalUsername,
        email: CanonicalEmail | None,
        display_name: str | None,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> Registration:
        """Create the account of a proof; see `FederatedRegistration`."""
        form = SignUpForm(username=username, email=email, display_name=display_name)
        return await self.registration.register(signup_token, form, request_context, carrier=carrier)

    async def _log_in(
        self,
        flow: Flow,
        upstream: UpstreamIdentity,
        decision: AccountDecision,
        request_context: RequestContext,
        carrier: BrowserCarrier | None,
    ) -> SignedIn:
        async def claim() -> Proof:
            identity = decision.identity
            user = await self.users.lock(decision.user_id)
            if user is None:
                raise LostRaceError
            await self.flows.claim(flow)
            if identity is None:
                identity = await self._claim_account(user, upstream, decision, request_context)
            elif not await self.identities.touch(identity, upstream):
                raise LostRaceError
            return await self.uses.proof(user, identity, upstream, request_context)

        return await self.sign_in.log_in(
            claim,
            user_id=decision.user_id,
            has_logged_in=decision.identity is not None,
            request_context=request_context,
            carrier=carrier,
        )

    async def _claim_account(
        self, user: User, upstream: UpstreamIdentity, decision: AccountDecision, request_context: RequestContext
    ) -> Identity:
        """Give an unverified account to the owner of its address, as the mailed link for its verification does.

        Another person may have registered, and would keep access to the account ("Pre-hijacked accounts", MSRC, 2022).
        """
        if not await self.decisions.is_still(decision, user):
            raise LostRaceError
        ended = await self.access_revocation.revoke(
            AccessEvent.EMAIL_VERIFIED, user.id, request_context=request_context
        )
        await self.email_ownership.mark_verified(user.id, CanonicalEmail(user.email))
        identity = await self.identities.insert(user.id, upstream, request_context)
        if identity is None:
            raise LostRaceError
        await self.audit.record(
            AccountEvent.ACCOUNT_CLAIMED,
            user_id=user.id,
            request_context=request_context,
            provider=identity.provider,
            sessions_ended=ended,
        )
        await self.outbox.to_user(ACCOUNT_CLAIMED, user.id, request_context, provider=self.identities.name_of(identity))
        return identity

    async def _refuse(self, flow: Flow, upstream: UpstreamIdentity, decision: AccountDecision) -> AuthException:
        """Use up the flow, and return the error with the token that continues."""
        suggested = await self.decisions.suggested(upstream)
        evidence = msgspec.to_builtins(upstream)

        async def work() -> AuthException:
            account = decision.account
            if account is not None:
                locked = await self.users.lock(account.id)
                if locked is None or not await self.decisions.is_still(decision, locked):
                    raise LostRaceError
            await self.flows.claim(flow)
            if account is not None:
                token = await self.flows.offer_link(flow, account.id, evidence)
                return IdentityLinkRequiredException(token, upstream.provider)
            if decision.case is AccountCase.CLOSED:
                return RegistrationClosedException()
            token = await self.flows.offer_sign_up(flow, evidence)
            return SignUpRequiredException(token, upstream.provider, suggested)

        return await self.database.transaction(work)
