"""Turn every exception of a handler, of middleware or of Litestar into a problem document.

Texts of foreign exceptions never reach a client: they quote queries, values and file names.
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException
from loguru import logger

from auth_api.kit.clock import Clock
from auth_api.kit.errors import (
    ApplicationException,
    AuthException,
    InternalErrorException,
    MalformedRequestException,
    MethodNotAllowedException,
    NotFoundException,
    PayloadTooLargeException,
    RateLimitedException,
    RequestTimeoutException,
    RetryLaterException,
    UnsupportedMediaTypeException,
)
from auth_api.kit.http.access import administrative_actor
from auth_api.kit.http.errors import PermissionDeniedException
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE, Problem, problem_of
from auth_api.kit.http.scope_keys import ERROR, request_id_of

ExceptionHandler = Callable[[Request[Any, Any, Any], Exception], Response[Problem]]

_INCOMPLETE_BODY: Final = "client disconnected prematurely"
"""Detail of Litestar's error if the client closes the connection before the body is complete."""

_ERROR_BY_STATUS: Final[dict[int, Callable[[], ApplicationException]]] = {
    HTTPStatus.BAD_REQUEST: MalformedRequestException,
    HTTPStatus.FORBIDDEN: partial(PermissionDeniedException, None),
    HTTPStatus.NOT_FOUND: NotFoundException,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowedException,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: PayloadTooLargeException,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: UnsupportedMediaTypeException,
}


def from_status(status: int) -> ApplicationException:
    """Return the error for a bare status of Litestar."""
    return _ERROR_BY_STATUS.get(status, InternalErrorException)()


def error_responder(clock: Clock, *, base: str) -> ExceptionHandler:
    """Return the exception handler of the application. It is a plain function: Litestar never awaits one.

    Args:
        clock: clock for the timestamps of problem documents.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
    """

    def respond(request: Request[Any, Any, Any], exception: Exception) -> Response[Problem]:
        error = _to_application_error(exception)
        request.scope["state"][ERROR] = error
        _log(error, exception, request)
        return Response(
            problem_of(error, at=clock(), request_id=request_id_of(request.scope), base=base),
            status_code=error.status.value,
            media_type=PROBLEM_MEDIA_TYPE,
            headers={**_kept_headers(exception), **error.headers},
        )

    return respond


def _to_application_error(exception: Exception) -> ApplicationException:
    if isinstance(exception, ApplicationException):
        return exception
    if isinstance(exception, InternalServerException) and exception.detail == _INCOMPLETE_BODY:
        return RequestTimeoutException()  # no client is left to read it, and it is not a bug to log
    if isinstance(exception, HTTPException):
        return from_status(exception.status_code)
    return InternalErrorException()


def _kept_headers(exception: Exception) -> dict[str, str]:
    """Return `Allow`, the only header of Litestar's errors that is part of the API."""
    headers = (exception.headers or {}) if isinstance(exception, HTTPException) else {}
    return {name: value for name, value in headers.items() if name.lower() == "allow"}


def _log(error: ApplicationException, exception: Exception, request: Request[Any, Any, Any]) -> None:
    code = error.error_code
    if isinstance(error, InternalErrorException):
        log = logger.bind(event="request:failed", error_code=code, error_type=type(exception).__name__)
        log.opt(exception=exception).error("unexpected error")
    elif isinstance(error, RetryLaterException):
        cause = exception.__cause__
        error_type = type(cause).__name__ if cause else None
        log = logger.bind(event="request:deferred", error_code=code, error_type=error_type)
        if isinstance(error, RateLimitedException):
            log = log.bind(setting="RATE_LIMIT_FACTOR")
        log.warning("request deferred")
    elif error.status is HTTPStatus.FORBIDDEN and (actor := administrative_actor(request.scope)) is not None:
        missing = error.members.get("required_permission")
        log = logger.bind(event="admin:refused", error_code=code, actor=actor, required_permission=missing)
        log.bind(method=request.method, route=request.scope["path_template"]).info("administration refused")
    elif isinstance(error, AuthException):
        logger.bind(event="authentication:failed", error_code=code).info("authentication failed")
