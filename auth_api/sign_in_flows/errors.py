"""Errors about sign-ins that lead through another site."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException, AuthException


class FlowInvalidException(AuthException):
    """A code, verifier, ticket, state or token of a sign-in is unknown, used, expired, or belongs to somewhere else.

    Another browser, account or session gets the same response as an unknown value.
    """

    status = HTTPStatus.BAD_REQUEST
    error_code = "FLOW_INVALID"
    detail = "This sign-in is no longer valid, or it was begun elsewhere."
    remedy = "Start the sign-in again, in the same browser and with a new `code_verifier`."


class ReturnToNotAllowedException(ApplicationException):
    """`return_to` is not one of the addresses in `RETURN_URLS`, which are compared character by character."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "RETURN_TO_NOT_ALLOWED"
    detail = "A sign-in cannot return to this address."
    remedy = "Send one of the addresses that the operator of the server lists in `RETURN_URLS`, exactly as it is there."
