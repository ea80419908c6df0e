"""The bases of every error a client can meet.

An error is a class with a status, a code and one fixed sentence. Codes are public API and stay for ever; sentences
never carry input. What an operator needs beyond that goes into the log, not into the exception's text. The docstring
says what the error means: the catalogue at `/errors/` shows it to clients, beside the remedy.
"""

import math
from collections.abc import Iterable
from http import HTTPStatus
from typing import Annotated, ClassVar

import msgspec


class ApplicationException(Exception):
    """Anything this application answers with an error envelope on purpose."""

    status: ClassVar[HTTPStatus]
    error_code: ClassVar[str]
    detail: ClassVar[str]
    remedy: ClassVar[str]
    """What a client does about it."""

    def __init__(self) -> None:
        super().__init__(self.detail)

    @property
    def headers(self) -> dict[str, str]:
        """Response headers that belong to this error."""
        return {}


class FieldError(msgspec.Struct, frozen=True):
    """One thing that is wrong with one field of a request. Never holds the submitted value."""

    field: str
    code: Annotated[str, msgspec.Meta(description="For programs: `missing`, `unknown`, `format`, `too_long`, …")]
    message: Annotated[str, msgspec.Meta(description="For people.")]


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
    """The request is well-formed, but fields of it are not acceptable: missing, unknown, of a wrong type or form."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "VALIDATION_ERROR"
    detail = "Some fields are not acceptable."
    remedy = "Show each of `errors` at its `field`; it says all that is wrong at once."

    def __init__(self, errors: Iterable[FieldError] = ()) -> None:
        super().__init__()
        self.errors = tuple(errors)


class RetryLaterException(ApplicationException):
    """Nothing is wrong with the request: the same one may succeed in `retry_after` seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    remedy = "Keep the session, wait `Retry-After` seconds, and send the same request again."

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
    remedy = "Keep the session, wait `Retry-After` seconds, look whether a change was made after all, and try again."


class CircuitBreakerOpenException(RetryLaterException):
    """A service failed so often that it is not asked until the next probe, `Retry-After` seconds from now."""

    error_code = "CIRCUIT_BREAKER_OPEN"
    detail = "A service this request needs is recovering."


class ServerOverloadedException(RetryLaterException):
    """A bounded queue (password hashing, database connections) is full, or the request's time is up."""

    error_code = "SERVER_OVERLOADED"
    detail = "The server has too much to do right now."


class MalformedRequestException(ApplicationException):
    """The body is not acceptable JSON at all, or the request itself has two meanings."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "MALFORMED_REQUEST"
    detail = "The request body is not valid JSON."
    remedy = "Mend the client: send one JSON object in UTF-8."


class HostNotAllowedException(ApplicationException):
    """`Host` names no address this server answers for."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "HOST_NOT_ALLOWED"
    detail = "This server does not answer for that host."
    remedy = "Use the public address of the server; its operator sets it by `ALLOWED_HOSTS`."


class PermissionDeniedException(ApplicationException):
    """The caller is known and may not do this."""

    status = HTTPStatus.FORBIDDEN
    error_code = "PERMISSION_DENIED"
    detail = "You may not do this."
    remedy = "Do not repeat the request: it takes an account that may do more."


class CorsOriginDeniedException(ApplicationException):
    """A preflight request from an origin that is not in `CORS_ORIGINS`, or for what is not offered to it."""

    status = HTTPStatus.FORBIDDEN
    error_code = "CORS_ORIGIN_DENIED"
    detail = "This origin may not call the API."
    remedy = "Call from an origin that the operator of the server lists in `CORS_ORIGINS`."


class HttpsRequiredException(ApplicationException):
    """In production, a trusted proxy says that the client came by http."""

    status = HTTPStatus.FORBIDDEN
    error_code = "HTTPS_REQUIRED"
    detail = "Use https."
    remedy = "Use the https address, and take what was sent for read by others."


class RateLimitedException(RetryLaterException):
    """This network has sent more requests than it may; `RateLimit-Policy`, where it comes along, says how many."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error_code = "RATE_LIMITED"
    detail = "Too many requests from your network."


class NotFoundException(ApplicationException):
    """No such address: nothing has this path, or what it names has another form."""

    status = HTTPStatus.NOT_FOUND
    error_code = "NOT_FOUND"
    detail = "There is nothing at this address."
    remedy = "Mend the address."


class MethodNotAllowedException(ApplicationException):
    """The address exists, the method does not. The answer's `Allow` names those that do."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    error_code = "METHOD_NOT_ALLOWED"
    detail = "This address does not offer that method."
    remedy = "Use a method that `Allow` names."


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
    remedy = "Send the request again, in one go."


class PayloadTooLargeException(UnfinishedRequestException):
    """The body is longer than 64 KiB."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    error_code = "PAYLOAD_TOO_LARGE"
    detail = "The request body is too large."
    remedy = "Mend the client: no operation needs so much."


class UriTooLongException(ApplicationException):
    """Path and query together are longer than 4 KiB."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG
    error_code = "URI_TOO_LONG"
    detail = "The address of the request is too long."
    remedy = "Mend the client: no operation needs so much."


class HeadersTooLargeException(ApplicationException):
    """All headers together are longer than 16 KiB."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    error_code = "HEADERS_TOO_LARGE"
    detail = "The request headers are too large."
    remedy = "Send fewer headers; often it is cookies of other applications at the same domain."


class UnsupportedMediaTypeException(ApplicationException):
    """The body is not `application/json` in UTF-8, or it is compressed."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    error_code = "UNSUPPORTED_MEDIA_TYPE"
    detail = "Send the body as application/json in UTF-8."
    remedy = "Mend the client: `Content-Type: application/json`, UTF-8, and no `Content-Encoding`."


class InternalErrorException(ApplicationException):
    """A bug of the server. Its log has the trace, under the request id."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    error_code = "INTERNAL_ERROR"
    detail = "Something went wrong on our side."
    remedy = "Tell the operator of the server the `request_id`, by which the log has the reason."
