"""Reasons why a user gets no session in spite of a correct proof of identity, or must prove it again."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from auth_api.kit.errors import AuthException
from auth_api.sign_in.pending_login import EXAMPLE_MFA_TOKEN, LIFETIME

PASSWORD_METHOD: Final = "password"  # noqa: S105 - a method, not a password

SIGN_IN_METHOD: Final = "sign_in"


class AccountDisabledException(AuthException):
    """The account is disabled. Returned only after a correct password."""

    status = HTTPStatus.FORBIDDEN
    error_code = "ACCOUNT_DISABLED"
    detail = "This account is disabled."
    remedy = "Tell the user that the account is disabled and whom to contact."


class EmailNotVerifiedException(AuthException):
    """The login or the operation needs a verified e-mail address. A login reveals it only after a correct password."""

    status = HTTPStatus.FORBIDDEN
    error_code = "EMAIL_NOT_VERIFIED"
    detail = "The e-mail address has not been verified."
    remedy = "Ask the user to open the link in the e-mail, and offer to send it again: `POST /api/auth/email/resend`."


class MfaRequiredException(AuthException):
    """The account requires a second factor. Returned only after a correct first one.

    `mfa_token` continues the login within `expires_in` seconds, and `methods` lists what the user can prove:
    `passkey`, `totp` (a code of an authenticator app), or `recovery_code`. If it is empty, only an operator can help.
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "MFA_REQUIRED"
    detail = "This account requires a second factor."
    remedy = (
        "Ask for a passkey or a code, as `methods` allow, and send it with the `mfa_token` to `POST /api/auth/mfa`. "
        "If `methods` is empty, tell the user whom to contact."
    )

    def __init__(self, mfa_token: str = EXAMPLE_MFA_TOKEN, methods: Sequence[str] = ("totp", "recovery_code")) -> None:
        super().__init__()
        self.mfa_token = mfa_token
        self.methods = tuple(methods)

    @property
    def members(self) -> Mapping[str, Any]:
        """How to continue the login."""
        return {
            "mfa_token": self.mfa_token,
            "expires_in": int(LIFETIME.total_seconds()),
            "methods": self.methods,
            "enrolment": (),
        }


class MfaEnrolmentRequiredException(AuthException):
    """The server requires a second factor, and the account has none. Returned only after a correct first factor.

    `mfa_token` lets the user add one of `enrolment` within `expires_in` seconds, which completes the login.
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "MFA_ENROLMENT_REQUIRED"
    detail = "A second factor must be added before the login."
    remedy = (
        "Let the user add one of `enrolment` with the `mfa_token`: `POST /api/user/passkeys/options` or "
        "`POST /api/user/totp`. That completes the login."
    )

    def __init__(self, mfa_token: str = EXAMPLE_MFA_TOKEN, enrolment: Sequence[str] = ("passkey", "totp")) -> None:
        super().__init__()
        self.mfa_token = mfa_token
        self.enrolment = tuple(enrolment)

    @property
    def members(self) -> Mapping[str, Any]:
        """How to continue the login."""
        return {
            "mfa_token": self.mfa_token,
            "expires_in": int(LIFETIME.total_seconds()),
            "methods": (),
            "enrolment": self.enrolment,
        }


class MfaTokenInvalidException(AuthException):
    """The login is unknown, complete, expired, out of guesses, or was ended by a change of the account."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "MFA_TOKEN_INVALID"
    detail = "The token of the login is no longer valid, or it belongs to another step."
    remedy = (
        "Use the `mfa_token` only as its error says: after `MFA_REQUIRED` to prove a second factor, after "
        "`MFA_ENROLMENT_REQUIRED` to add one. Otherwise discard it and start the login again."
    )


class StepUpRequiredException(AuthException):
    """The last proof of identity is too weak or too old for this operation.

    `methods` lists how the user can prove their identity again: `passkey`, `totp`, `recovery_code` or `password` at
    `POST /api/auth/step-up`, or `sign_in` by a new login. `acr_values` is the level that is needed, and `max_age` the
    seconds for which the proof is accepted. `enrolment` lists what the user must choose a first factor from where the
    server requires one. If both lists are empty, only an operator can help.
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "STEP_UP_REQUIRED"
    detail = "This operation requires a recent proof of identity."
    remedy = (
        "Keep the tokens, let the user prove their identity by one of `methods`, or add one of `enrolment`, and repeat "
        "the request with the new access token."
    )

    def __init__(
        self,
        *,
        acr: str = "aal1",
        max_age: int = 300,
        methods: Sequence[str] = (PASSWORD_METHOD,),
        enrolment: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.acr = acr
        self.max_age = max_age
        self.methods = tuple(methods)
        self.enrolment = tuple(enrolment)

    @property
    def headers(self) -> dict[str, str]:
        """The challenge of RFC 9470 §3. The status is 403, because clients discard the session on 401."""
        parameters = f'acr_values="{self.acr}", max_age="{self.max_age}"'
        return {"WWW-Authenticate": f'Bearer error="insufficient_user_authentication", {parameters}'}

    @property
    def members(self) -> Mapping[str, Any]:
        """What the user can do."""
        return {
            "acr_values": self.acr,
            "max_age": self.max_age,
            "methods": self.methods,
            "enrolment": self.enrolment,
        }


ENROLLED_LOGIN_ERRORS: Final = (MfaTokenInvalidException, AccountDisabledException, EmailNotVerifiedException)
"""Errors of operations that complete a login by adding the first factor."""
