"""Describe operations for OpenAPI; errors are described by the classes that are raised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from auth_api.kit.errors import (
    ApplicationException,
    CircuitBreakerOpenException,
    DatabaseUnavailableException,
    InternalErrorException,
    MalformedRequestException,
    PayloadTooLargeException,
    RateLimitedException,
    RequestTimeoutException,
    RetryLaterException,
    ServerOverloadedException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from auth_api.kit.http.access import ACCESS, CHECKED_SESSION, PUBLIC, PUBLIC_OR_SESSION, SESSION, Access
from auth_api.kit.http.errors import (
    HeadersTooLargeException,
    HostNotAllowedException,
    HttpsRequiredException,
    UriTooLongException,
)
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE, Problem, example_of

ErrorClass = type[ApplicationException]
Document = Mapping[str, Any]

EDGE_ERRORS: Final[tuple[ErrorClass, ...]] = (
    MalformedRequestException,
    HostNotAllowedException,
    HttpsRequiredException,
    RequestTimeoutException,
    PayloadTooLargeException,
    UriTooLongException,
    RateLimitedException,
    HeadersTooLargeException,
    InternalErrorException,
    ServerOverloadedException,
)
"""Errors of every operation: the edge refuses requests before it knows the operation."""

BODY_ERRORS: Final[tuple[ErrorClass, ...]] = (ValidationException, UnsupportedMediaTypeException)
"""Further errors of every operation with a body."""

DATABASE_ERRORS: Final[tuple[ErrorClass, ...]] = (DatabaseUnavailableException, CircuitBreakerOpenException)
"""Further errors of every operation that uses the database."""

RESPONSE_EXAMPLES: Final = "response_examples"
REQUEST_EXAMPLES: Final = "request_examples"
"""Keys of a handler's `opt`: its examples by name."""

ALSO_HTML: Final = "also_html"
"""Key of a handler's `opt`: clients that prefer HTML get a page instead of JSON."""

EXAMPLE: Final = "example"
"""Name of the first example."""


@dataclass
class SharedResponse(ResponseSpec):
    """A response that is never changed, and not copied when Litestar copies the handlers for each application."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def public(*errors: ErrorClass, response: Document | None = None, request: Document | None = None) -> dict[str, Any]:
    """Return the keyword arguments of a handler that needs no token.

    Args:
        errors: the errors of the operation, without those of every operation.
        response: an example of a successful response.
        request: an example of a request body.
    """
    return _operation(PUBLIC, errors, response=response, request=request)


def public_or_bearer(
    *errors: ErrorClass, response: Document | None = None, request: Document | None = None
) -> dict[str, Any]:
    """Return the keyword arguments of a handler that accepts a token without needing one; see `public`."""
    return _operation(PUBLIC_OR_SESSION, errors, response=response, request=request)


def checked_bearer(
    *errors: ErrorClass, response: Document | None = None, request: Document | None = None
) -> dict[str, Any]:
    """Return the keyword arguments of a handler that needs a token, or a proof in the body instead; see `public`."""
    return _operation(CHECKED_SESSION, errors, response=response, request=request)


def protected(*errors: ErrorClass, response: Document | None = None, request: Document | None = None) -> dict[str, Any]:
    """Return the keyword arguments of a handler that needs a token; see `public`."""
    return _operation(SESSION, errors, response=response, request=request)


def with_access(
    access: Access, *errors: ErrorClass, response: Document | None = None, request: Document | None = None
) -> dict[str, Any]:
    """Return the keyword arguments of a handler with another access, such as a permission; see `public`."""
    return _operation(access, errors, response=response, request=request)


def _operation(
    access: Access, errors: Sequence[ErrorClass], *, response: Document | None, request: Document | None
) -> dict[str, Any]:
    return {
        ACCESS: access,
        "responses": error_responses(*errors, *EDGE_ERRORS),
        RESPONSE_EXAMPLES: {} if response is None else {EXAMPLE: response},
        REQUEST_EXAMPLES: {} if request is None else {EXAMPLE: request},
    }


def also(
    arguments: dict[str, Any], *, status: int, response: type, description: str, example: Document
) -> dict[str, Any]:
    """Add another successful response to the keyword arguments of a handler."""
    spec = SharedResponse(
        data_container=response,
        description=description,
        generate_examples=False,
        examples=[Example(id=EXAMPLE, value=example)],
    )
    return {**arguments, "responses": {status: spec, **arguments["responses"]}}


def with_examples(
    arguments: dict[str, Any],
    *,
    responses: Mapping[str, Document] = MappingProxyType({}),
    requests: Mapping[str, Document] = MappingProxyType({}),
) -> dict[str, Any]:
    """Add examples of other forms of the request or the response, by name, to the keyword arguments of a handler."""
    return {
        **arguments,
        RESPONSE_EXAMPLES: {**arguments[RESPONSE_EXAMPLES], **responses},
        REQUEST_EXAMPLES: {**arguments[REQUEST_EXAMPLES], **requests},
    }


def error_responses(*errors: ErrorClass) -> dict[int, ResponseSpec]:
    """Describe the error responses of an operation by status, with an example for each code."""
    by_status: dict[int, list[ErrorClass]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(error.status.value, []).append(error)
    return {status: _error_response(classes) for status, classes in sorted(by_status.items())}


def _error_response(classes: Sequence[ErrorClass]) -> ResponseSpec:
    lines = [f"`{error.error_code}`: {_first_line(error)}" for error in classes]
    if any(issubclass(error, RetryLaterException) for error in classes):
        lines.append("Wait `Retry-After` seconds before you send the request again.")
    return SharedResponse(
        data_container=Problem,
        description="\n\n".join(lines),
        media_type=PROBLEM_MEDIA_TYPE,
        generate_examples=False,
        examples=[
            Example(id=error.error_code, summary=error.detail, value=msgspec.to_builtins(example_of(error)))
            for error in classes
        ],
    )


def _first_line(error: ErrorClass) -> str:
    return (error.__doc__ or error.detail).strip().partition("\n")[0]
