"""What can stop somebody who knows the password."""

from http import HTTPStatus

from auth_api.kit.errors import AuthException


class AccountDisabledException(AuthException):
    """The password is right and the account deactivated. Told to nobody who does not know the password."""

    status = HTTPStatus.FORBIDDEN
    error_code = "ACCOUNT_DISABLED"
    detail = "This account is disabled."
