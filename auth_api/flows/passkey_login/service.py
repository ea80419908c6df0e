"""Login with a passkey."""

from dataclasses import dataclass

from auth_api.credentials.errors import PasskeyInvalidException
from auth_api.credentials.passkeys.service import CheckedPasskey, PasskeyService
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.crypto.webauthn.options import RequestOptions
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.browser_sessions import BrowserCarrier
from auth_api.sign_in.proof import Claim, Proof
from auth_api.sign_in.service import SignedIn, SignIn
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyLoginService:
    """Verifies the use of a passkey, and hands the proof over to `SignIn`."""

    users: UserService
    passkeys: PasskeyService
    sign_in: SignIn

    def options(self) -> RequestOptions:
        """Return options for any passkey of this domain. They name no account, and nothing is stored."""
        return self.passkeys.request_options(ChallengePurpose.LOGIN, allowed=(), binding="")

    async def log_in(
        self, credential: object, request_context: RequestContext, *, carrier: BrowserCarrier | None = None
    ) -> SignedIn:
        """Return the user of the passkey and a new session. A passkey is two factors, so no other one is asked for.

        Args:
            credential: the JSON value that the browser sent.
            request_context: the client of the request.
            carrier: the browser that keeps the session in a cookie; None if the client gets tokens.

        Raises:
            PasskeyInvalidException: what the browser sent is not acceptable, or it was used before.
            PasskeyUnknownException: the passkey is not registered.
            AccountDisabledException: the account is disabled.
            EmailNotVerifiedException: the e-mail address must be verified first.
        """
        try:
            with self.passkeys.counted(ChallengePurpose.LOGIN):
                checked = await self.passkeys.check(
                    credential, ChallengePurpose.LOGIN, binding="", user_id=None, request_context=request_context
                )
                return await self.sign_in.log_in(
                    self._claim(checked),
                    user_id=checked.passkey.user_id,
                    has_logged_in=True,
                    request_context=request_context,
                    carrier=carrier,
                )
        except PasskeyInvalidException as error:
            if error.user_id is not None:  # other requests concern no account
                await self.sign_in.record_failure(
                    "invalid_passkey", user_id=error.user_id, request_context=request_context
                )
            raise

    def _claim(self, checked: CheckedPasskey) -> Claim:
        async def claim() -> Proof:
            login = await self.users.record_login(checked.passkey.user_id)
            if login is None:
                raise PasskeyInvalidException
            await checked.claim()
            return Proof(
                user=login.user,
                methods=(checked.passkey.method,),
                has_administrative_role=login.has_administrative_role,
                auth_time=login.at,
                mfa_at=login.at,
            )

        return claim
