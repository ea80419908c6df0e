"""What can be wrong with a mailed token."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException


class OneTimeTokenInvalidException(ApplicationException):
    """The mailed token is unknown, used or expired: one answer for all."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "ONE_TIME_TOKEN_INVALID"
    detail = "This link or code is not valid; ask for a new mail."
    remedy = "Offer to ask for a new mail. A token works once, for a limited time, and the newest of its kind alone."
