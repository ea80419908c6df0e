"""The bases of every error a client can meet.

An error is a class with a status, a code and one fixed sentence. Codes are public API and stay for ever; sentences
never carry input. What an operator needs beyond that goes into the log, not into the exception's text.
"""

import math
from collections.abc import Iterable
from http import HTTPStatus
from typing import ClassVar

import msgspec


class ApplicationException(Exception):
    """Anything this application answers with an error envelope on purpose."""

    status: ClassVar[HTTPStatus]
    error_code: ClassVar[str]
    detail: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(self.detail)

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to this error."""
        return {}


class FieldError(msgspec.Struct, frozen=True):
    """One thing that is wrong with one field of a request. Never holds the submitted value."""

    field: str
    code: str
    message: str


class AuthException(ApplicationException):
    """The caller is not, or not sufficiently, authenticated."""

    status = HTTPStatus.UNAUTHORIZED
    challenge: ClassVar[str] = "Bearer"
    """`WWW-Authenticate`: plain without a token, with `error="invalid_token"` where one was sent (RFC 6750 §3)."""

    @property
    def headers(self) -> dict[str, str]:
        """The challenge, which every 401 carries (RFC 9110 §15.5.2)."""
        return {"WWW-Authenticate": self.challenge} if self.status is HTTPStatus.UNAUTHORIZED else {}


class ValidationException(ApplicationException):
    """The request is well-formed, but fields of it are not acceptable. Carries all of them at once."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "VALIDATION_ERROR"
    detail = "Some fields are not acceptable."

    def __init__(self, errors: Iterable[FieldError] = ()) -> None:
        super().__init__()
        self.errors = tuple(errors)


class RetryLaterException(ApplicationException):
    """Nothing is wrong with the request: the same one may succeed in `retry_after` seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, retry_after: float = 1.0) -> None:
        super().__init__()
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """`Retry-After` in whole seconds, at least one (RFC 9110 §10.2.3)."""
        return {"Retry-After": str(max(1, math.ceil(self.retry_after)))}


class DatabaseException(ApplicationException):
    """Something that was asked of the database could not be had."""


class DatabaseUnavailableException(DatabaseException, RetryLaterException):
    """A call to the database failed, or the outcome of a COMMIT is unknown."""

    error_code = "DATABASE_UNAVAILABLE"
    detail = "The database cannot be reached right now."


class CircuitBreakerOpenException(RetryLaterException):
    """A service failed so often that it is not asked until the next probe, `retry_after` seconds from now."""

    error_code = "CIRCUIT_BREAKER_OPEN"
    detail = "A service this request needs is recovering."


class ServerOverloadedException(RetryLaterException):
    """A bounded queue (password hashing, database connections) is full, or the request's time is up."""

    error_code = "SERVER_OVERLOADED"
    detail = "The server has too much to do right now."


class MalformedRequestException(ApplicationException):
    """The body is not acceptable JSON at all."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "MALFORMED_REQUEST"
    detail = "The request body is not valid JSON."


class HostNotAllowedException(ApplicationException):
    """`Host` names no address this server answers for."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "HOST_NOT_ALLOWED"
    detail = "This server does not answer for that host."


class PermissionDeniedException(ApplicationException):
    """The caller is known and may not do this."""

    status = HTTPStatus.FORBIDDEN
    error_code = "PERMISSION_DENIED"
    detail = "You may not do this."


class CorsOriginDeniedException(ApplicationException):
    """A preflight request from an origin that is not in `CORS_ORIGINS`, or for what is not offered to it."""

    status = HTTPStatus.FORBIDDEN
    error_code = "CORS_ORIGIN_DENIED"
    detail = "This origin may not call the API."


class HttpsRequiredException(ApplicationException):
    """In production, a trusted proxy says that the client came by http."""

    status = HTTPStatus.FORBIDDEN
    error_code = "HTTPS_REQUIRED"
    detail = "Use https."


class RateLimitedException(RetryLaterException):
    """Too many requests from this network."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error_code = "RATE_LIMITED"
    detail = "Too many requests from your network."


class NotFoundException(ApplicationException):
    """No such page."""

    status = HTTPStatus.NOT_FOUND
    error_code = "NOT_FOUND"
    detail = "There is nothing at this address."


class MethodNotAllowedException(ApplicationException):
    """The address exists, the method does not. The answer's `Allow` names those that do."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    error_code = "METHOD_NOT_ALLOWED"
    detail = "This address does not offer that method."


class UnfinishedRequestException(ApplicationException):
    """The rest of the request is not waited for, so nothing that follows it can be told from it (RFC 9112 §9.6)."""

    @property
    def headers(self) -> dict[str, str]:
        """Ends the connection."""
        return {"Connection": "close"}


class RequestTimeoutException(UnfinishedRequestException):
    """The client sent its request too slowly."""

    status = HTTPStatus.REQUEST_TIMEOUT
    error_code = "REQUEST_TIMEOUT"
    detail = "The request took too long to arrive."


class PayloadTooLargeException(UnfinishedRequestException):
    """The body is longer than 64 KiB."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    error_code = "PAYLOAD_TOO_LARGE"
    detail = "The request body is too large."


class UriTooLongException(ApplicationException):
    """Path and query together are longer than 4 KiB."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG
    error_code = "URI_TOO_LONG"
    detail = "The address of the request is too long."


class HeadersTooLargeException(ApplicationException):
    """All headers together are longer than 16 KiB."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    error_code = "HEADERS_TOO_LARGE"
    detail = "The request headers are too large."


class UnsupportedMediaTypeException(ApplicationException):
    """The body is not `application/json` in UTF-8, or it is compressed."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    error_code = "UNSUPPORTED_MEDIA_TYPE"
    detail = "Send the body as application/json in UTF-8."


class InternalErrorException(ApplicationException):
    """A bug. The log has the trace, under the request id."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    error_code = "INTERNAL_ERROR"
    detail = "Something went wrong on our side."
