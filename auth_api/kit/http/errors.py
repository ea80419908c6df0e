"""Turns whatever a handler, a middleware or the framework raises into the envelope.

Texts of foreign exceptions never reach a client: they quote queries, values and file names.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

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
    PermissionDeniedException,
    RequestTimeoutException,
    RetryLaterException,
    UnsupportedMediaTypeException,
)
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE, Problem, problem_of
from auth_api.kit.http.scope_keys import ENVELOPED, request_id_of

ExceptionHandler = Callable[[Request[Any, Any, Any], Exception], Response[Problem]]

CLIENT_GONE = "client disconnected prematurely"
"""What Litestar says when the body ends before its end."""

_BY_STATUS: dict[int, type[ApplicationException]] = {
    HTTPStatus.BAD_REQUEST: MalformedRequestException,
    HTTPStatus.FORBIDDEN: PermissionDeniedException,
    HTTPStatus.NOT_FOUND: NotFoundException,
    HTTPStatus.METHOD_NOT_ALLOWED: MethodNotAllowedException,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: PayloadTooLargeException,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: UnsupportedMediaTypeException,
}


def from_status(status: int) -> ApplicationException:
    """Return our error for a bare HTTP status that somebody else answered with."""
    return _BY_STATUS.get(status, InternalErrorException)()


def error_responder(clock: Clock, *, base: str) -> ExceptionHandler:
    """Make the one handler for every exception. Must stay a plain function: Litestar never awaits a handler.

    Args:
        clock: dates envelopes.
        base: what addresses of this server begin with, behind the host.
    """

    def respond(request: Request[Any, Any, Any], exception: Exception) -> Response[Problem]:
        error = _own_error(exception)
        request.scope["state"][ENVELOPED] = True
        _log(error, exception)
        return Response(
            problem_of(error, at=clock(), request_id=request_id_of(request.scope), base=base),
            status_code=error.status.value,
            media_type=PROBLEM_MEDIA_TYPE,
            headers={**_kept_headers(exception), **error.headers},
        )

    return respond


def _own_error(exception: Exception) -> ApplicationException:
    if isinstance(exception, ApplicationException):
        return exception
    if isinstance(exception, InternalServerException) and exception.detail == CLIENT_GONE:
        return RequestTimeoutException()  # which nobody reads any more; no bug to log
    if isinstance(exception, HTTPException):
        return from_status(exception.status_code)
    return InternalErrorException()


def _kept_headers(exception: Exception) -> dict[str, str]:
    """Of the framework's own headers, `Allow` is the one the contract names."""
    headers = (exception.headers or {}) if isinstance(exception, HTTPException) else {}
    return {name: value for name, value in headers.items() if name.lower() == "allow"}


def _log(error: ApplicationException, exception: Exception) -> None:
    log = logger.bind(error_code=error.error_code)
    if isinstance(error, InternalErrorException):
        log.opt(exception=exception).error("unexpected error")
    elif isinstance(error, RetryLaterException):
        log.bind(cause=type(exception.__cause__).__name__ if exception.__cause__ else None).warning("request put off")
    elif isinstance(error, AuthException):
        log.info("authentication refused")
