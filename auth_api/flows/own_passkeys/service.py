"""Adds and removes the passkeys of the user's own account."""

from dataclasses import dataclass

import msgspec

from auth_api.credentials.errors import FactorNotFoundException
from auth_api.credentials.factor_kind import FactorKind
from auth_api.credentials.passkeys.passkey import Passkey
from auth_api.credentials.passkeys.service import PasskeyService
from auth_api.flows.own_passkeys.schemas import MAX_NAME_LENGTH
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.options import CreationOptions
from auth_api.kit.db.database import Database
from auth_api.kit.device import device_label
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sessions.principal import Principal
from auth_api.sign_in.enrolment import EnrolledLogin, Enrolment, MfaToken, login_binding, session_binding
from auth_api.sign_in.factor_changes import FactorChanges
from auth_api.sign_in.factor_results import AddedFactor, NewFactor
from auth_api.sign_in.ways_in import WaysIn


class AddedPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """A new passkey, and what followed from it."""

    passkey: Passkey
    added: AddedFactor


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPasskeysService:
    """Adds and removes passkeys; each change is one transaction with its event and its mail."""

    database: Database
    passkeys: PasskeyService
    changes: FactorChanges
    enrolment: Enrolment
    ways_in: WaysIn

    async def options(self, caller: Principal | MfaToken) -> CreationOptions:
        """Return the options with which a browser creates a passkey.

        Raises:
            MfaTokenInvalidException: no login waits for its first factor with this token.
            EmailNotVerifiedException: the e-mail address must be verified first.
            StepUpRequiredException: the last proof of identity is too weak or too old.
            LimitReachedException: the user has as many passkeys as allowed.
        """

        async def work() -> CreationOptions:
            enrollee = await self.enrolment.admit(caller)
            return await self.passkeys.creation_options(enrollee.user, binding=enrollee.binding)

        return await self.database.transaction(work)

    async def add(
        self, principal: Principal, credential: object, *, name: str | None, request_context: RequestContext
    ) -> AddedPasskey:
        """Add a passkey. Two-step login stays off: it could lock out logins on devices without the passkey.

        Args:
            principal: the caller.
            credential: the JSON value that the browser sent.
            name: for the user's list; None for browser and operating system.
            request_context: the client of the request.

        Raises:
            StepUpRequiredException: the last proof of identity is too weak: another factor was added meanwhile.
            PasskeyInvalidException: what the browser sent is not acceptable, or it was used before.
            DuplicatePasskeyException: the passkey is registered already, to any user.
            LimitReachedException: the user has as many passkeys as allowed.
            TokenRevokedException: the session has ended in the meantime.
        """

        async def work() -> AddedPasskey:
            before = await self.changes.admit_change(principal, adds_factor=True)
            registered = self.passkeys.verify_registration(credential, binding=session_binding(principal))
            passkey = await self.passkeys.add(principal.id, registered, name=name or _device_name(request_context))
            new = NewFactor(kind=FactorKind.PASSKEY, method=passkey.method, enables_two_step=False)
            added = await self.changes.complete_addition(principal, before, new, request_context)
            return AddedPasskey(passkey=passkey, added=added)

        with self.passkeys.counted(ChallengePurpose.REGISTRATION):
            return await self.database.transaction(work)

    async def add_first(
        self,
        mfa_token: MfaToken,
        credential: object,
        *,
        name: str | None,
        request_context: RequestContext,
        carrier: BrowserCarrier | None = None,
    ) -> EnrolledLogin:
        """Add the passkey of a login, and complete the login.

        Args:
            mfa_token: of the login that waits for its first factor.
            credential: the JSON value that the browser sent.
            name: for the user's list; None for browser and operating system.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            MfaTokenInvalidException: no login waits for its first factor with this token.
            PasskeyInvalidException: what the browser sent is not acceptable, or it was used before.
            DuplicatePasskeyException: the passkey is registered already, to any user.
            AccountDisabledException: the account has been disabled in the meantime.
            EmailNotVerifiedException: the e-mail address must be verified first.
        """
        pending = await self.enrolment.pending(mfa_token)

        async def add() -> NewFactor:
            registered = self.passkeys.verify_registration(credential, binding=login_binding(pending))
            passkey = await self.passkeys.add(pending.user_id, registered, name=name or _device_name(request_context))
            return NewFactor(kind=FactorKind.PASSKEY, method=passkey.method, enables_two_step=False)

        with self.passkeys.counted(ChallengePurpose.REGISTRATION):
            return await self.enrolment.complete(pending, add, request_context, carrier=carrier)

    async def remove(self, principal: Principal, passkey_id: int, request_context: RequestContext) -> None:
        """Remove a passkey. With the last factor, two-step login is off and the recovery codes go.

        Raises:
            StepUpRequiredException: the last proof of identity is too weak or too old.
            FactorNotFoundException: the user has no passkey with this id.
            LastSignInMethodException: the user has no other way to log in.
            LastFactorException: the server requires a second factor, and the user has no other one.
        """

        async def work() -> None:
            before = await self.changes.admit_change(principal)
            if not await self.passkeys.remove(passkey_id, user_id=principal.id):
                raise FactorNotFoundException
            if [passkey.id for passkey in before.usable_passkeys] == [passkey_id]:
                await self.ways_in.require_one(principal.id)
            await self.changes.complete_removal(principal, FactorKind.PASSKEY, request_context)

        await self.database.transaction(work)


def _device_name(request_context: RequestContext) -> str:
    """Return the name of a passkey that the user has not named: browser and operating system."""
    return device_label(request_context.user_agent)[:MAX_NAME_LENGTH]
