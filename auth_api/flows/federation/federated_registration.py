"""Create the account of a person whom a provider has proved."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.service import Identities
from auth_api.credentials.identities.upstream_email import proven_email, stated_email
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.flows.federation.account_decision import AccountCase, AccountDecisions, LostRaceError
from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.kit.db.database import Database
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sign_in.identity_uses import IdentityUses
from auth_api.sign_in.proof import Proof
from auth_api.sign_in.registration import Registration
from auth_api.sign_in.service import SignIn
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.users.errors import RegistrationClosedException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.policy import RegistrationPolicy, VerificationPolicy
from auth_api.users.profile import EMPTY_PROFILE, ProfileInput, stated_fields
from auth_api.users.service import UserService
from auth_api.users.user import User


class SignUpForm(msgspec.Struct, frozen=True, kw_only=True):
    """What a person registers with. Without an address, it is the one that the provider states."""

    username: CanonicalUsername
    email: CanonicalEmail | None
    display_name: str | None

    @property
    def profile(self) -> ProfileInput:
        """The profile of the new user."""
        return EMPTY_PROFILE if self.display_name is None else ProfileInput(display_name=self.display_name)


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A checked registration.

    Attributes:
        flow: holds the proof, and is used up.
        upstream: what the provider has proved.
        form: what the person wants.
        email: the address of the account.
        is_proven: whether the provider has proved that address.
    """

    flow: Flow
    upstream: UpstreamIdentity
    form: SignUpForm
    email: CanonicalEmail
    is_proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedRegistration:
    """Creates accounts without a password. The session is opened as for a login, so a second factor may be required."""

    database: Database
    users: UserService
    decisions: AccountDecisions
    identities: Identities
    uses: IdentityUses
    flows: SignInFlows
    sign_in: SignIn
    tokens: OneTimeTokens
    audit: AuditTrail
    outbox: Outbox
    registration_policy: RegistrationPolicy
    verification_policy: VerificationPolicy
    verification_mail: MailKind
    registration_mail: MailKind

    async def register(
        self,
        signup_token: str,
        form: SignUpForm,
        request_context: RequestContext,
        *,
        carrier: BrowserCarrier | None = None,
    ) -> Registration:
        """Create an account, link the identity, and open a session as far as the policy allows.

        An address that the provider has proved is verified at once; another one needs the mailed link.

        Args:
            signup_token: from the sign-in. After an error about a field it still works.
            form: what the person wants.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            FlowInvalidException: the token is unknown, used or expired, or the proof belongs to an account by now.
            RegistrationClosedException: the person may not register, or not with this address.
            ValidationException: the address is missing, or its domain is not allowed.
            DuplicateEmailException: the address is taken.
            DuplicateUsernameException: the username is taken.
            MfaEnrolmentRequiredException: the account was created, and the user must add a second factor.
        """
        flow = await self.flows.find_sign_up(signup_token)
        upstream = self.uses.upstream_of(flow)
        decision = await self.decisions.decide(upstream)
        if decision.case not in {AccountCase.NONE, AccountCase.CLOSED}:
            await self.database.transaction(lambda: self.flows.claim(flow))
            raise FlowInvalidException
        account = self._checked(flow, upstream, form)
        if account.is_proven or not self.verification_policy.required:
            return await self._log_in(account, request_context, carrier)
        if self.verification_policy.before_signup:
            await self.database.transaction(lambda: self._stage(account, request_context))
            return Registration()
        return await self.database.transaction(lambda: self._wait(account, request_context))

    def _checked(self, flow: Flow, upstream: UpstreamIdentity, form: SignUpForm) -> NewAccount:
        email = form.email or stated_email(upstream)
        if not self.decisions.is_open_to(upstream, email):
            raise RegistrationClosedException
        if email is None:
            raise ValidationException([FieldError("email", "missing", "The provider has stated no e-mail address.")])
        if not self.registration_policy.allows(email):
            raise ValidationException([FieldError("email", "domain", "Must have a domain that this server accepts.")])
        return NewAccount(
            flow=flow, upstream=upstream, form=form, email=email, is_proven=email == proven_email(upstream)
        )

    async def _log_in(
        self, account: NewAccount, request_context: RequestContext, carrier: BrowserCarrier | None
    ) -> Registration:
        async def claim() -> Proof:
            created, identity = await self._create(account, request_context)
            return await self.uses.proof(created, identity, account.upstream, request_context)

        try:
            signed_in = await self.sign_in.log_in(
                claim, user_id=None, has_logged_in=False, request_context=request_context, carrier=carrier
            )
        except LostRaceError:  # another request has linked the identity, and used the token or made it useless
            raise FlowInvalidException from None
        return Registration(user=signed_in.user, session=signed_in.session)

    async def _wait(self, account: NewAccount, request_context: RequestContext) -> Registration:
        """Create an account that gets a session only after its address is verified."""
        try:
            created, _ = await self._create(account, request_context)
        except LostRaceError:
            raise FlowInvalidException from None
        return Registration(user=created)

    async def _create(self, account: NewAccount, request_context: RequestContext) -> tuple[User, Identity]:
        form, upstream = account.form, account.upstream
        await self.flows.claim(account.flow)
        created = await self.users.create(
            email=account.email,
            username=form.username,
            hashed_password=UNUSABLE_HASH,
            locale=request_context.language,
            profile=form.profile,
        )
        await self.audit.record(
            AccountEvent.ACCOUNT_REGISTERED,
            user_id=created.id,
            request_context=request_context,
            provider=upstream.provider,
        )
        identity = await self.identities.insert(created.id, upstream, request_context)
        if identity is None:
            raise LostRaceError
        if not account.is_proven:
            await self.outbox.to_user(self.verification_mail, created.id, request_context)
        return created, identity

    async def _stage(self, account: NewAccount, request_context: RequestContext) -> None:
        """Store the registration until the address is verified, whether or not a user has it.

        Without the identity: the owner of the address opens the mailed link, and another person may have registered.
        """
        await self.flows.claim(account.flow)
        token_id = await self.tokens.stage(
            Purpose.REGISTRATION,
            email=account.email,
            username=account.form.username,
            hashed_password=UNUSABLE_HASH,
            locale=request_context.language,
            profile=stated_fields(account.form.profile),
        )
        if not await self.outbox.to_email(self.registration_mail, account.email, request_context, token_id=token_id):
            await self.tokens.discard(token_id)
