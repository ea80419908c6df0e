"""Adds and removes the second factors of the user's own account."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.errors import FactorNotFoundException
from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.recovery_codes.service import NewRecoveryCodes
from auth_api.credentials.totp.factor import TotpFactor
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.service import Outbox
from auth_api.kit.crypto.totp import key_uri, seed_text
from auth_api.kit.db.database import Database
from auth_api.kit.qr import png_data_uri
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.assurance import Method
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.principal import Principal
from auth_api.sign_in.enrolment import EnrolledLogin, Enrolment, MfaToken, login_binding, session_binding
from auth_api.sign_in.events import FactorEvent
from auth_api.sign_in.factor_changes import FactorChanges
from auth_api.sign_in.factor_results import AddedFactor, NewFactor, TwoStepState
from auth_api.sign_in.mails import RECOVERY_CODES_CREATED
from auth_api.sign_in.second_factors import SecondFactors


class NewTotp(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator app needs: the secret as text, the URI, and its QR code as a `data:` URI."""

    secret: str
    uri: str
    qr_code: str

    def __repr__(self) -> str:
        """Return a text without the secret."""
        return "NewTotp()"


class ConfirmedApp(msgspec.Struct, frozen=True, kw_only=True):
    """A new app, and what followed from it."""

    totp: TotpFactor
    added: AddedFactor


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFactorsService:
    """Adds, replaces and removes second factors; each change is one transaction with its event and its mail.

    Attributes:
        issuer: the name of the product, which the app shows beside the code.
    """

    database: Database
    second_factors: SecondFactors
    changes: FactorChanges
    enrolment: Enrolment
    audit: AuditTrail
    outbox: Outbox
    issuer: str

    async def begin_totp(self, caller: Principal | MfaToken) -> NewTotp:
        """Create the secret of an authenticator app, which a code must confirm. An app in use goes on working.

        Raises:
            NotFoundException: the server has no key to encrypt secrets with.
            MfaTokenInvalidException: no login waits for its first factor with this token.
            EmailNotVerifiedException: the e-mail address must be verified first.
            StepUpRequiredException: the last proof of identity is too weak or too old.
        """
        self.second_factors.totp.require_available()

        async def work() -> tuple[bytes, str]:
            enrollee = await self.enrolment.admit(caller)
            user = enrollee.user
            return await self.second_factors.totp.begin(user.id, binding=enrollee.binding), user.email

        seed, email = await self.database.transaction(work)
        uri = key_uri(seed, issuer=self.issuer, account=email)
        return NewTotp(secret=seed_text(seed), uri=uri, qr_code=await png_data_uri(uri))

    async def confirm_totp(self, principal: Principal, code: str, request_context: RequestContext) -> ConfirmedApp:
        """Put an authenticator app into use, and switch on two-step login. An earlier app stops working.

        Raises:
            NotFoundException: the server has no key to encrypt secrets with.
            StepUpRequiredException: the last proof of identity is too weak: another factor was added meanwhile.
            FactorNotFoundException: no app is being added here, or its secret has expired.
            FactorInvalidException: the code is wrong.
            TokenRevokedException: the session has ended in the meantime.
        """
        self.second_factors.totp.require_available()

        async def work() -> ConfirmedApp:
            before = await self.changes.admit_change(principal, adds_factor=True)
            await self.second_factors.totp.confirm(principal.id, code, binding=session_binding(principal))
            new = NewFactor(
                kind=FactorKind.TOTP,
                method=Method.TOTP,
                enables_two_step=True,
                is_replacement=before.totp is not None,
            )
            added = await self.changes.complete_addition(principal, before, new, request_context)
            totp = await self.second_factors.totp.find(principal.id)
            if totp is None:  # this transaction has stored it
                raise FactorNotFoundException
            return ConfirmedApp(totp=totp, added=added)

        return await self.database.transaction(work)

    async def confirm_first_totp(
        self,
        mfa_token: MfaToken,
        code: str,
        request_context: RequestContext,
        *,
        carrier: BrowserCarrier | None = None,
    ) -> EnrolledLogin:
        """Put the authenticator app of a login into use, switch on two-step login, and complete the login.

        A wrong code does not count as a guess: the response to the client contained the secret.

        Args:
            mfa_token: of the login that waits for its first factor.
            code: as the user typed it.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            NotFoundException: the server has no key to encrypt secrets with.
            MfaTokenInvalidException: no login waits for its first factor with this token.
            FactorNotFoundException: no app is being added here, or its secret has expired.
            FactorInvalidException: the code is wrong.
            AccountDisabledException: the account has been disabled in the meantime.
            EmailNotVerifiedException: the e-mail address must be verified first.
        """
        self.second_factors.totp.require_available()
        pending = await self.enrolment.pending(mfa_token)

        async def add() -> NewFactor:
            await self.second_factors.totp.confirm(pending.user_id, code, binding=login_binding(pending))
            return NewFactor(kind=FactorKind.TOTP, method=Method.TOTP, enables_two_step=True)

        return await self.enrolment.complete(pending, add, request_context, carrier=carrier)

    async def remove_totp(self, principal: Principal, request_context: RequestContext) -> None:
        """Remove the authenticator app.

        Raises:
            StepUpRequiredException: the last proof of identity is too weak or too old.
            FactorNotFoundException: the account has none in use.
            LastFactorException: the server requires a second factor, and the user has no other one.
        """

        async def work() -> None:
            await self.changes.admit_change(principal)
            if not await self.second_factors.totp.remove(principal.id):
                raise FactorNotFoundException
            await self.changes.complete_removal(principal, FactorKind.TOTP, request_context)

        await self.database.transaction(work)

    async def set_two_step(self, principal: Principal, *, is_on: bool, request_context: RequestContext) -> TwoStepState:
        """Switch two-step login on or off.

        Raises:
            StepUpRequiredException: the last proof of identity is too weak or too old.
            FactorNotFoundException: the account has no factor that it can use.
            LastFactorException: the server requires a second factor, and the user would have none.
        """

        async def work() -> TwoStepState:
            before = await self.changes.admit_change(principal)
            if is_on:
                return await self.changes.enable_two_step(principal, before, request_context)
            return await self.changes.disable_two_step(principal, request_context)

        return await self.database.transaction(work)

    async def create_recovery_codes(self, principal: Principal, request_context: RequestContext) -> NewRecoveryCodes:
        """Create recovery codes. Earlier ones stop working.

        Raises:
            StepUpRequiredException: the last proof of identity is too weak or too old.
            FactorNotFoundException: the account has no factor.
        """

        async def work() -> NewRecoveryCodes:
            before = await self.changes.admit_change(principal)
            if not before.has_any:
                raise FactorNotFoundException
            codes = await self.second_factors.recovery_codes.replace(principal.id)
            await self.audit.record(
                FactorEvent.RECOVERY_CODES_CREATED, user_id=principal.id, request_context=request_context
            )
            await self.outbox.to_user(RECOVERY_CODES_CREATED, principal.id, request_context)
            return codes

        return await self.database.transaction(work)
