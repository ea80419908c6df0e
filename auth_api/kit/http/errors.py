"""Errors of requests that the edge or the server refuses by their URL or headers."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from auth_api.kit.errors import ApplicationException


class HostNotAllowedException(ApplicationException):
    """The `Host` header names a host that this server does not accept."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "HOST_NOT_ALLOWED"
    detail = "This server does not accept requests for this host."
    remedy = "Use the public URL of the server. Its operator sets the accepted hosts in `ALLOWED_HOSTS`."


class CorsOriginDeniedException(ApplicationException):
    """The origin of a CORS preflight is not in `CORS_ORIGINS`."""

    status = HTTPStatus.FORBIDDEN
    error_code = "CORS_ORIGIN_DENIED"
    detail = "This origin is not allowed to call the API."
    remedy = "Call from an origin that the operator of the server lists in `CORS_ORIGINS`."


class HttpsRequiredException(ApplicationException):
    """In production, a trusted proxy received the request over plain HTTP."""

    status = HTTPStatus.FORBIDDEN
    error_code = "HTTPS_REQUIRED"
    detail = "HTTPS is required."
    remedy = "Use HTTPS, and treat anything already sent as compromised."


class UriTooLongException(ApplicationException):
    """Path and query together are longer than 4 KiB."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG
    error_code = "URI_TOO_LONG"
    detail = "The URL of the request is too long."
    remedy = "Fix the client: no operation needs a URL of this length."


class HeadersTooLargeException(ApplicationException):
    """The headers together are larger than 16 KiB, or there are more than 100 of them."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    error_code = "HEADERS_TOO_LARGE"
    detail = "The request headers are too large."
    remedy = "Send fewer headers. Often the cause is cookies of other applications on the same domain."


class PermissionDeniedException(ApplicationException):
    """The caller is authenticated, but lacks the permission that `required_permission` names."""

    status = HTTPStatus.FORBIDDEN
    error_code = "PERMISSION_DENIED"
    detail = "You are not allowed to do this."
    remedy = (
        "Do not retry. Hide the function from users without the permission, and ask an administrator for a role or an "
        "API key that has it."
    )

    def __init__(self, required_permission: str | None = "users:read") -> None:
        super().__init__()
        self.required_permission = required_permission

    @property
    def members(self) -> Mapping[str, Any]:
        """The permission that is missing, if it is known."""
        return {} if self.required_permission is None else {"required_permission": self.required_permission}
