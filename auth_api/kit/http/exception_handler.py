"""Turn every exception of a handler, of middleware or of Litestar into a problem document, or an error of OAuth.

Texts of foreign exceptions never reach a client: they quote queries, values and file names.
"""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException
from loguru import logger

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
from auth_api.kit.http.error_documents import ErrorDocuments
from auth_api.kit.http.errors import PermissionDeniedException
from auth_api.kit.http.load_shedding import route_path
from auth_api.kit.http.oauth_errors import OAuthException
from auth_api.kit.http.scope_keys import ERROR, OAUTH_CLIENT, request_id_of
from auth_api.kit.metrics import OAUTH_REFUSALS

ExceptionHandler = Callable[[Request[Any, Any, Any], Exception], Response[msgspec.Struct]]

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


def error_responder(documents: ErrorDocuments) -> ExceptionHandler:
    """Return the exception handler of the application. It is a plain function: Litestar never awaits one.

    Args:
        documents: builds the bodies of the responses.
    """

    def respond(request: Request[Any, Any, Any], exception: Exception) -> Response[msgspec.Struct]:
        error = _to_application_error(exception)
        request.scope["state"][ERROR] = error
        _log(error, exception, request)
        document = documents.document_of(
            error, request_id=request_id_of(request.scope), route_path=route_path(request.scope)
        )
        return Response(
            document.content,
            status_code=error.status.value,
            media_type=document.media_type,
            headers={**_kept_headers(exception), **document.headers},
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
    if isinstance(error, OAuthException):
        endpoint = request.scope["path_template"].rpartition("/")[2]
        OAUTH_REFUSALS.labels(endpoint, error.error).inc()
        log = logger.bind(event="oauth:refused", endpoint=endpoint, client=request.scope["state"].get(OAUTH_CLIENT))
        log.bind(error=error.error, reason=error.description).info("OAuth request refused")
        return
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
