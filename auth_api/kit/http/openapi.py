"""Describes operations to OpenAPI, errors from the same classes that are raised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

import msgspec
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, Operation

from auth_api.kit.errors import (
    ApplicationException,
    CircuitBreakerOpenException,
    DatabaseUnavailableException,
    InternalErrorException,
    MalformedRequestException,
    PayloadTooLargeException,
    RateLimitedException,
    RetryLaterException,
    ServerOverloadedException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE, Problem, example_of

ErrorClass = type[ApplicationException]
Document = Mapping[str, Any]

BODY_ERRORS: Final[tuple[ErrorClass, ...]] = (
    ValidationException,
    MalformedRequestException,
    PayloadTooLargeException,
    UnsupportedMediaTypeException,
)
"""What every operation with a body can answer."""

DATABASE_ERRORS: Final[tuple[ErrorClass, ...]] = (
    DatabaseUnavailableException,
    CircuitBreakerOpenException,
    ServerOverloadedException,
    RateLimitedException,
    InternalErrorException,
)
"""What every operation that asks the database can answer."""

BEARER: Final = "BearerToken"
"""The name of the security scheme."""

PUBLIC: Final = "exclude_from_auth"
"""The key of a handler's `opt` that opens it to everybody."""

RESPONSE: Final = "answer_examples"
REQUEST: Final = "request_examples"
"""The keys of a handler's `opt` that hold its examples by name."""

EXAMPLE: Final = "example"
"""The name of the first of them."""


@dataclass
class PublicOperation(Operation):
    """An operation without a padlock: an empty list would be dropped, and the global requirement apply."""

    def __post_init__(self) -> None:
        self.security = [{}]


@dataclass
class OpenOperation(Operation):
    """An operation that needs no token, and does more with one."""

    def __post_init__(self) -> None:
        self.security = [{}, {BEARER: []}]


@dataclass
class SharedResponse(ResponseSpec):
    """What nothing changes: Litestar copies a handler, with all that describes it, for each application."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


def public(*errors: ErrorClass, response: Document | None = None, request: Document | None = None) -> dict[str, Any]:
    """Return the arguments of a handler that needs no token.

    Args:
        errors: what it can answer with.
        response: an example of what it answers when all is well.
        request: an example of a body it takes.
    """
    return {
        PUBLIC: True,
        "operation_class": PublicOperation,
        **protected(*errors, response=response, request=request),
    }


def public_or_bearer(
    *errors: ErrorClass, response: Document | None = None, request: Document | None = None
) -> dict[str, Any]:
    """Return the arguments of a handler that needs no token, and does more with one; see `public`."""
    return {**public(*errors, response=response, request=request), "operation_class": OpenOperation}


def protected(*errors: ErrorClass, response: Document | None = None, request: Document | None = None) -> dict[str, Any]:
    """Return the arguments of a handler that needs a token; see `public`."""
    return {
        "responses": documents(*errors),
        RESPONSE: {} if response is None else {EXAMPLE: response},
        REQUEST: {} if request is None else {EXAMPLE: request},
    }


def also(
    arguments: dict[str, Any], *, status: int, response: type, description: str, example: Document
) -> dict[str, Any]:
    """Return the arguments of a handler with one more way to say that all is well."""
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
    """Return the arguments of a handler with further examples by name, of other forms that it takes or gives."""
    return {
        **arguments,
        RESPONSE: {**arguments[RESPONSE], **responses},
        REQUEST: {**arguments[REQUEST], **requests},
    }


def documents(*errors: ErrorClass) -> dict[int, ResponseSpec]:
    """Describe the error answers of an operation, each code with its own example."""
    by_status: dict[int, list[ErrorClass]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(error.status.value, []).append(error)
    return {status: _response(classes) for status, classes in sorted(by_status.items())}


def _response(classes: Sequence[ErrorClass]) -> ResponseSpec:
    lines = [f"`{error.error_code}`: {_first_line(error)}" for error in classes]
    if any(issubclass(error, RetryLaterException) for error in classes):
        lines.append("`Retry-After` says in how many seconds to try again.")
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
