"""What can stop somebody who knows the password."""

from http import HTTPStatus

from auth_api.kit.errors import AuthException


class AccountDisabledException(AuthException):
    """The password is right and the account deactivated. Told to nobody who does not know the password."""

    status = HTTPStatus.FORBIDDEN
    error_code = "ACCOUNT_DISABLED"
    detail = "This account is disabled."
    remedy = "Say so, and whom to ask: no other password helps."


class EmailNotVerifiedException(AuthException):
    """The password is right, but this server wants the address verified first. Told to nobody else."""

    status = HTTPStatus.FORBIDDEN
    error_code = "EMAIL_NOT_VERIFIED"
    detail = "Verify the e-mail address first."
    remedy = "Offer to send the mail again: `POST /api/auth/email/resend`."
