"""Registration: an account and its first session, or neither."""

from dataclasses import dataclass

from auth_api.events.audit.events import AccountEvent
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.kinds import MailKind
from auth_api.events.outbox.service import Outbox
from auth_api.flows.registration.mails import REGISTRATION
from auth_api.flows.registration.metrics import REGISTRATIONS
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.sign_in.proof import AMR_PASSWORD, Proof
from auth_api.sign_in.registration import Registration
from auth_api.sign_in.service import SignIn
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, RegistrationClosedException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.policy import RegistrationPolicy, VerificationPolicy
from auth_api.users.profile import ProfileInput, stated_fields
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationService:
    """Creates accounts."""

    database: Database
    users: UserService
    sign_in: SignIn
    audit: AuditTrail
    hasher: PasswordHasher
    tokens: OneTimeTokens
    outbox: Outbox
    registration_policy: RegistrationPolicy
    verification_policy: VerificationPolicy
    verification_mail: MailKind

    async def register(  # noqa: PLR0913 - the fields of the form, and the client
        self,
        *,
        email: CanonicalEmail,
        username: CanonicalUsername,
        password: str,
        profile: ProfileInput,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> Registration:
        """Create an account and a session, as far as the policy allows, and mail a link that verifies the address.

        Args:
            email: of the new user.
            username: of the new user.
            password: accepted by the password rules.
            profile: of the new user.
            request_context: of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            RegistrationClosedException: accounts are created only by invitations and administrators.
            DuplicateEmailException: the e-mail address is taken. Not raised if the account is created only after the
                e-mail address is verified.
            DuplicateUsernameException: the username is taken. Not raised in the same case.
            ServerOverloadedException: too many hashes are waiting.
        """
        if not self.registration_policy.is_open:
            raise RegistrationClosedException
        hashed_password = await self.hasher.hash(password)  # no database connection is held meanwhile
        if self.verification_policy.before_signup:
            await self._stage(email, username, hashed_password, profile, request_context)
            REGISTRATIONS["waiting"].inc()
            return Registration()

        async def work() -> Registration:
            user = await self.users.create(
                email=email,
                username=username,
                hashed_password=hashed_password,
                locale=request_context.language,
                profile=profile,
            )
            await self.audit.record(AccountEvent.ACCOUNT_REGISTERED, user_id=user.id, request_context=request_context)
            await self.outbox.to_user(self.verification_mail, user.id, request_context)
            proof = Proof(user=user, methods=(AMR_PASSWORD,), has_administrative_role=False, auth_time=user.created_at)
            try:
                signed_in = await self.sign_in.complete(proof, request_context, carrier=carrier)
            except EmailNotVerifiedException:  # raised before any statement: the user stays
                return Registration(user=user)
            return Registration(user=user, session=signed_in.session)

        try:
            registration = await self.database.transaction(work)
        except (DuplicateEmailException, DuplicateUsernameException):
            REGISTRATIONS["duplicate"].inc()
            raise
        REGISTRATIONS["succeeded"].inc()
        return registration

    async def _stage(
        self,
        email: CanonicalEmail,
        username: CanonicalUsername,
        hashed_password: str,
        profile: ProfileInput,
        request_context: RequestContext,
    ) -> None:
        """Store the registration until the e-mail address is verified.

        The same rows are written whether or not a user has the e-mail address: that is decided when the mail is sent.
        """
        staged = {
            "email": email,
            "username": username,
            "hashed_password": hashed_password,
            "locale": request_context.language,
            "profile": stated_fields(profile),
        }

        async def work() -> None:
            token_id = await self.tokens.stage(Purpose.REGISTRATION, **staged)
            if not await self.outbox.to_email(REGISTRATION, email, request_context, token_id=token_id):
                await self.tokens.discard(token_id)

        await self.database.transaction(work)
