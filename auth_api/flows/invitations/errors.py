"""Errors about invitations."""

from http import HTTPStatus

from auth_api.kit.errors import ApplicationException


class AccountExistsException(ApplicationException):
    """The invited e-mail address has an account, and the request has no session of it. The token still works."""

    status = HTTPStatus.CONFLICT
    error_code = "ACCOUNT_EXISTS"
    detail = "The invited e-mail address already has an account."
    remedy = "Ask the user to log in to this account, and send the token again with its access token."


class InvitationNotFoundException(ApplicationException):
    """No invitation has this id, or it has been accepted or revoked, or has expired."""

    status = HTTPStatus.NOT_FOUND
    error_code = "INVITATION_NOT_FOUND"
    detail = "No pending invitation has this id."
    remedy = "Read the list of invitations again."
