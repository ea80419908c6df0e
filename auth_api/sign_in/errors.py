"""Reasons why a user gets no session in spite of a correct proof of identity."""

from http import HTTPStatus

from auth_api.kit.errors import AuthException


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
