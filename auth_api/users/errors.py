"""What can be wrong with an account, or with what somebody wants it to become."""

from http import HTTPStatus

from auth_api.kit.errors import AuthException, DatabaseException, ValidationException


class InvalidCredentialsException(AuthException):
    """Unknown account or wrong password: one answer, after the same work."""

    error_code = "INVALID_CREDENTIALS"
    detail = "The account or the password is wrong."
    remedy = "Ask for the password again. Do not say which of the two is wrong: the server does not, either."


class DuplicateEmailException(ValidationException):
    """Another account has this address. Told before a taken username."""

    status = HTTPStatus.CONFLICT
    error_code = "DUPLICATE_EMAIL"
    detail = "An account with this e-mail address exists."
    remedy = "Ask for another address, or offer to log in or to reset the password."


class DuplicateUsernameException(ValidationException):
    """Another account has this username."""

    status = HTTPStatus.CONFLICT
    error_code = "DUPLICATE_USERNAME"
    detail = "This username is taken."
    remedy = "Ask for another name."


class WeakPasswordException(ValidationException):
    """Nothing is wrong with the request but the new password; `errors` lists every rule it breaks."""

    error_code = "WEAK_PASSWORD"
    detail = "The password is too weak."
    remedy = "Show each of `errors`, and ask for another password."


class UserNotFoundException(DatabaseException):
    """There is no such account (any more)."""

    status = HTTPStatus.NOT_FOUND
    error_code = "USER_NOT_FOUND"
    detail = "User not found"
    remedy = "Forget the tokens: the account is gone."
