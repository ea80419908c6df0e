"""Base classes of all errors, and the errors that no feature owns.

An error is a class with a status, a code and one fixed sentence. Codes are public API and never change; sentences never
contain input. Details for operators go into the log, not into the exception's text. The docstring of an error says what
it means: the catalogue at `/errors` shows it to clients, with the remedy.
"""

import math
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, ClassVar

import msgspec


class FieldError(msgspec.Struct, frozen=True):
    """One error of one field of the request. It never contains the submitted value."""

    field: str
    code: Annotated[str, msgspec.Meta(description="For programs: `missing`, `unknown`, `format`, `too_long`, …")]
    message: Annotated[str, msgspec.Meta(description="For people.")]


class ApplicationException(Exception):
    """An error that is sent to the client as a problem document."""

    status: ClassVar[HTTPStatus]
    error_code: ClassVar[str]
    detail: ClassVar[str]
    remedy: ClassVar[str]
    """What the client should do."""
    errors: tuple[FieldError, ...] = ()
    """The invalid fields of the request, if that is the error."""

    def __init__(self) -> None:
        super().__init__(self.detail)

    @property
    def headers(self) -> dict[str, str]:
        """Headers of the response that belong to the error."""
        return {}

    @property
    def members(self) -> Mapping[str, Any]:
        """Further members of the problem document; `Problem` declares them."""
        return {}


class AuthException(ApplicationException):
    """The client is not authenticated, or its login is not sufficient."""

    status = HTTPStatus.UNAUTHORIZED
    challenge: ClassVar[str] = "Bearer"
    """`WWW-Authenticate`: without parameters if no token was sent, else with `error="invalid_token"` (RFC 6750 §3)."""

    @property
    def headers(self) -> dict[str, str]:
        """The challenge, which every 401 must have (RFC 9110 §15.5.2)."""
        return {"WWW-Authenticate": self.challenge} if self.status is HTTPStatus.UNAUTHORIZED else {}


class ValidationException(ApplicationException):
    """The request is well-formed, but some fields are invalid: missing, unknown, or of a wrong type or form."""

    status = HTTPStatus.BAD_REQUEST
    error_code = "VALIDATION_ERROR"
    detail = "Some fields of the request are invalid."
    remedy = "Show each of `errors` at its `field`. All errors are reported at once."

    def __init__(self, errors: Iterable[FieldError] = ()) -> None:
        super().__init__()
        self.errors = tuple(errors)


class RetryLaterException(ApplicationException):
    """The request is valid; the same request may succeed in `retry_after` seconds."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    remedy = "Keep the session, wait `Retry-After` seconds and send the same request again."

    def __init__(self, retry_after: float = 1.0) -> None:
        super().__init__()
        self.retry_after = retry_after

    @property
    def headers(self) -> dict[str, str]:
        """`Retry-After` in whole seconds, at least 1 (RFC 9110 §10.2.3)."""
        return {"Retry-After": str(max(1, math.ceil(self.retry_after)))}


class DatabaseException(ApplicationException):
    """The database did not return what was requested."""


class DatabaseUnavailableException(DatabaseException, RetryLaterException):
    """A database query failed, or the outcome of a COMMIT is unknown."""

    error_code = "DATABASE_UNAVAILABLE"
    detail = "The database is currently unavailable."
    remedy = "Keep the session and wait `Retry-After` seconds. Check whether the change was made before you retry."


class CircuitBreakerOpenException(RetryLaterException):
    """A service that the request needs failed repeatedly. It is not called until a probe in `Retry-After` seconds."""

    error_code = "CIRCUIT_BREAKER_OPEN"
    detail = "A service that this request needs is recovering."


class ServerOverloadedException(RetryLaterException):
    """A bounded queue (password hashing, database connections) is full, or the request exceeded its time limit."""

    error_code = "SERVER_OVERLOADED"
    detail = "The server is overloaded."


class MalformedRequestException(ApplicationException):
    """The body is missing or not a JSON object in UTF-8, or the request is ambiguous, for example with two lengths.

    Pages expect a form instead of JSON: in UTF-8, correctly percent-encoded, with at most 64 fields and without NUL.
    """

    status = HTTPStatus.BAD_REQUEST
    error_code = "MALFORMED_REQUEST"
    detail = "The body of the request is missing or malformed, or the request is ambiguous."
    remedy = "Fix the client: send one JSON object encoded as UTF-8, such as `{}`, or to a page the form that it shows."


class LimitReachedException(ApplicationException):
    """There are as many objects of this kind as the server stores for this account, or at all."""

    status = HTTPStatus.CONFLICT
    error_code = "LIMIT_REACHED"
    detail = "The maximum number has been reached."
    remedy = "Remove one that is no longer needed, and repeat the request."


class CrossSiteRequestException(ApplicationException):
    """The browser did not send the request from a page of this server, or in cookie mode from an allowed origin.

    `rule` is the reason: `cross_site` (the header `Sec-Fetch-Site` is not `same-origin`, in cookie mode also not
    `same-site`), `origin_not_allowed` (the header `Origin` is neither the origin of `PUBLIC_URL` nor, in cookie mode,
    in `COOKIE_ORIGINS`) or `origin_missing` (the request has no header `Origin`).
    """

    status = HTTPStatus.FORBIDDEN
    error_code = "CROSS_SITE_REQUEST"
    detail = "The request comes from another website."
    remedy = (
        "Reload the page and try again. In a program, use the API under `/api` instead of the pages. As the operator, "
        "compare the address of the page with `PUBLIC_URL` and `COOKIE_ORIGINS`; a proxy must forward `Origin` and "
        "`Sec-Fetch-Site`."
    )

    def __init__(self, rule: str = "cross_site") -> None:
        super().__init__()
        self.rule = rule

    @property
    def members(self) -> Mapping[str, Any]:
        """The reason."""
        return {"rule": self.rule}


class RateLimitedException(RetryLaterException):
    """The client's network exceeded a limit; the header `RateLimit-Policy` shows it if it belongs to this route."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    error_code = "RATE_LIMITED"
    detail = "Your network has sent too many requests."


class NotFoundException(ApplicationException):
    """No resource has this URL, or an id in the URL has a wrong form."""

    status = HTTPStatus.NOT_FOUND
    error_code = "NOT_FOUND"
    detail = "The URL was not found."
    remedy = "Fix the URL."


class MethodNotAllowedException(ApplicationException):
    """The URL exists, but not for this method. The header `Allow` lists its methods."""

    status = HTTPStatus.METHOD_NOT_ALLOWED
    error_code = "METHOD_NOT_ALLOWED"
    detail = "The URL does not support this method."
    remedy = "Use a method from the header `Allow`."


class UnfinishedRequestException(ApplicationException):
    """The server stops reading the request, so it cannot find where the next one begins (RFC 9112 §9.6)."""

    @property
    def headers(self) -> dict[str, str]:
        """The connection is closed."""
        return {"Connection": "close"}


class RequestTimeoutException(UnfinishedRequestException):
    """The client sent the request too slowly."""

    status = HTTPStatus.REQUEST_TIMEOUT
    error_code = "REQUEST_TIMEOUT"
    detail = "The request took too long to arrive."
    remedy = "Retry on a new connection: the server closes this one."


class PayloadTooLargeException(UnfinishedRequestException):
    """The body is larger than 64 KiB."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    error_code = "PAYLOAD_TOO_LARGE"
    detail = "The request body is too large."
    remedy = "Fix the client: no operation needs a body of this size."


class UnsupportedMediaTypeException(ApplicationException):
    """The body is not `application/json` in UTF-8, or it is compressed.

    Pages expect `application/x-www-form-urlencoded` in UTF-8 instead.
    """

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    error_code = "UNSUPPORTED_MEDIA_TYPE"
    detail = "The body has a content type, charset or content encoding that is not accepted here."
    remedy = (
        "Fix the client: send `Content-Type: application/json` (to a page `application/x-www-form-urlencoded`), UTF-8 "
        "and no `Content-Encoding`."
    )


class InternalErrorException(ApplicationException):
    """A bug in the server. Its log contains the traceback, under the request id."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    error_code = "INTERNAL_ERROR"
    detail = "An internal error occurred."
    remedy = "Report the `request_id` to the operator of the server, whose log has the cause."
