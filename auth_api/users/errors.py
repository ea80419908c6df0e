"""Errors about users, their identifiers and their passwords."""

from http import HTTPStatus

from auth_api.kit.errors import AuthException, DatabaseException, FieldError, ValidationException


class InvalidCredentialsException(AuthException):
    """The user is unknown or the password is wrong. Neither the response nor its time reveals which.

    Where a logged-in user or the holder of a mailed link confirms a request with the password of the account, `errors`
    names its field; the session and the link still work.
    """

    error_code = "INVALID_CREDENTIALS"
    detail = "The username, e-mail address or password is incorrect."
    remedy = (
        "If `errors` names a field, show the error there and keep the tokens. Otherwise ask the user to check both "
        "entries. Do not say which of them is wrong: the server does not reveal it."
    )

    def __init__(self, *, field: str = "") -> None:
        super().__init__()
        if field:
            self.errors = (FieldError(field, "incorrect", "This is not the password of the account."),)


class DuplicateEmailException(ValidationException):
    """Another user has this e-mail address. Returned even if the username is taken, too."""

    status = HTTPStatus.CONFLICT
    error_code = "DUPLICATE_EMAIL"
    detail = "An account with this e-mail address already exists."
    remedy = "Ask for another e-mail address, or offer to log in or to reset the password."


class DuplicateUsernameException(ValidationException):
    """Another user has this username."""

    status = HTTPStatus.CONFLICT
    error_code = "DUPLICATE_USERNAME"
    detail = "This username is already taken."
    remedy = "Ask for another username."


class WeakPasswordException(ValidationException):
    """Only the new password is invalid; `errors` lists every rule that it breaks."""

    error_code = "WEAK_PASSWORD"
    detail = "The password does not meet the requirements."
    remedy = "Show all entries of `errors` and ask for another password."


class RegistrationClosedException(AuthException):
    """No account can be created in this way.

    Either accounts are created only by invitations and administrators (`REGISTRATION=invite`), or the provider of a
    login admits no new accounts, or not with this e-mail address (`PROVIDER_<ID>_SIGN_UP`,
    `PROVIDER_<ID>_EMAIL_DOMAINS`).
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "REGISTRATION_CLOSED"
    detail = "A new account cannot be created in this way."
    remedy = (
        "Hide the registration, or that by this provider. Tell the user to ask an administrator for an invitation, or "
        "to log in to an account that exists."
    )


class UserNotFoundException(DatabaseException):
    """The user does not exist, or no longer exists."""

    status = HTTPStatus.NOT_FOUND
    error_code = "USER_NOT_FOUND"
    detail = "User not found"  # the wording of the API's specification
    remedy = "Reload the list of users. If it is the own account, discard the tokens: it has been deleted."
