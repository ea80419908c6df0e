"""Errors about the factors of an account."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from auth_api.kit.errors import AuthException


class FactorInvalidException(AuthException):
    """A code is wrong, too old, or already used, which the response does not tell apart; or a password is wrong."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "FACTOR_INVALID"
    detail = "The code or password is incorrect, or the code has expired or has already been used."
    remedy = "Ask the user again: for the code that the app shows now, for another recovery code, or for the password."

    def __init__(self, *, attempts_left: int | None = None) -> None:
        super().__init__()
        self.attempts_left = attempts_left

    @property
    def members(self) -> Mapping[str, Any]:
        """The guesses that are left for this login."""
        return {} if self.attempts_left is None else {"attempts_left": self.attempts_left}


class FactorNotFoundException(AuthException):
    """The account has no such factor, or cannot prove an identity by this method."""

    status = HTTPStatus.NOT_FOUND
    error_code = "FACTOR_NOT_FOUND"
    detail = "The account does not have this factor, or cannot use it here."
    remedy = (
        "Read the list again: `GET /api/user/factors`. If an authenticator app was to be confirmed and is not in it, "
        "begin again: `POST /api/user/totp`."
    )


class PasskeyInvalidException(AuthException):
    """What the browser sent is not a valid use or registration of a passkey. The log has the reason."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "PASSKEY_INVALID"
    detail = "The passkey could not be verified."
    remedy = "Request new options, and let the user try once more."

    def __init__(self, *, is_replay: bool = False, user_id: int | None = None) -> None:
        """Keep what the response does not contain.

        Args:
            is_replay: whether the challenge was used before.
            user_id: the user of the passkey; None if what was sent does not belong to a registered one.
        """
        super().__init__()
        self.is_replay = is_replay
        self.user_id = user_id


class PasskeyUnknownException(AuthException):
    """The passkey is not registered here: it was removed."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "PASSKEY_UNKNOWN"
    detail = "This passkey is not registered."
    remedy = "Call `PublicKeyCredential.signalUnknownCredential` where it exists, and offer another way to log in."


class DuplicatePasskeyException(AuthException):
    """The passkey is registered already, to this account or to another one."""

    status = HTTPStatus.CONFLICT
    error_code = "DUPLICATE_PASSKEY"
    detail = "This passkey is already registered."
    remedy = "Tell the user that this device can already be used."


class LastSignInMethodException(AuthException):
    """Without it, the user could not log in."""

    status = HTTPStatus.CONFLICT
    error_code = "LAST_SIGN_IN_METHOD"
    detail = "The account has no other way to log in."
    remedy = "Let the user set a password first: `POST /api/auth/password/forgot`."


class LastFactorException(AuthException):
    """The server requires a second factor, and no other one of the account can be used."""

    status = HTTPStatus.CONFLICT
    error_code = "LAST_FACTOR"
    detail = "The server requires a second factor, and this is the last one of the account."
    remedy = "Let the user add another factor first."
