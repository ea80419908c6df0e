"""Reasons why a user gets no session in spite of a correct proof of identity, or must prove it again."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from auth_api.kit.errors import AuthException

SIGN_IN_METHOD: Final = "sign_in"


class AccountDisabledException(AuthException):
    """The account is disabled. Returned only after a correct password."""

    status = HTTPStatus.FORBIDDEN
    error_code = "ACCOUNT_DISABLED"
    detail = "This account is disabled."
    remedy = "Tell the user that the account is disabled and whom to contact."


class EmailNotVerifiedException(AuthException):
    """The server requires a verified e-mail address. Returned only after a correct password."""

    status = HTTPStatus.FORBIDDEN
    error_code = "EMAIL_NOT_VERIFIED"
    detail = "The e-mail address has not been verified."
    remedy = "Ask the user to open the link in the e-mail, and offer to send it again: `POST /api/auth/email/resend`."


class MfaRequiredException(AuthException):
    """The account has two-step login, which this version cannot check. Returned only after a correct password.

    Instances of a later version serve the account; both versions are in use during an upgrade.
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "MFA_REQUIRED"
    detail = "This account requires a second factor."
    remedy = "Ask the user to try again in a few minutes: the server is being upgraded."


class StepUpRequiredException(AuthException):
    """The last proof of identity is too old for this operation.

    `methods` lists how the user can prove their identity again (`sign_in`: by a new login), `acr_values` the level that
    is needed, `max_age` the seconds for which the proof is accepted, and `enrolment` what the user could add.
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "STEP_UP_REQUIRED"
    detail = "This operation requires a recent login."
    remedy = "Keep the tokens, ask the user to log in again, and repeat the request with the new access token."

    def __init__(self, *, acr: str = "aal1", max_age: int = 300) -> None:
        super().__init__()
        self.acr = acr
        self.max_age = max_age

    @property
    def headers(self) -> dict[str, str]:
        """The challenge of RFC 9470 §3. The status is 403, because clients discard the session on 401."""
        parameters = f'acr_values="{self.acr}", max_age="{self.max_age}"'
        return {"WWW-Authenticate": f'Bearer error="insufficient_user_authentication", {parameters}'}

    @property
    def members(self) -> Mapping[str, Any]:
        """What the user can do."""
        return {"acr_values": self.acr, "max_age": self.max_age, "methods": (SIGN_IN_METHOD,), "enrolment": ()}
