"""Describes operations to OpenAPI, errors from the same classes that are raised."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIMediaType, OpenAPIResponse, Operation, Reference, Schema
from litestar.routes import HTTPRoute

from auth_api.kit.errors import (
    ApplicationException,
    CircuitBreakerOpenException,
    DatabaseUnavailableException,
    FieldError,
    InternalErrorException,
    MalformedRequestException,
    PayloadTooLargeException,
    RateLimitedException,
    RetryLaterException,
    ServerOverloadedException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE, Problem, problem_of

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

_SUCCESS: Final = {200: "All is well.", 201: "It is made.", 204: "It is done; there is nothing to say."}

_ANSWER: Final = "answer_example"
_REQUEST: Final = "request_example"

_EXAMPLE_TIME: Final = datetime(2026, 2, 19, 10, 30, 45, 123000, tzinfo=UTC)
_EXAMPLE_ID: Final = "0f8c2a4be1d94d6a9a4f7a5f3f0c1b2d"
_EXAMPLE_FIELD_ERROR: Final = FieldError("password", "too_short", "Must have at least 12 characters.")


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


def public(*errors: ErrorClass, answer: Document | None = None, request: Document | None = None) -> dict[str, Any]:
    """Return the arguments of a handler that needs no token.

    Args:
        errors: what it can answer with.
        answer: an example of what it answers when all is well.
        request: an example of a body it takes.
    """
    return {
        PUBLIC: True,
        "operation_class": PublicOperation,
        **protected(*errors, answer=answer, request=request),
    }


def public_or_bearer(
    *errors: ErrorClass, answer: Document | None = None, request: Document | None = None
) -> dict[str, Any]:
    """Return the arguments of a handler that needs no token, and does more with one; see `public`."""
    return {**public(*errors, answer=answer, request=request), "operation_class": OpenOperation}


def protected(*errors: ErrorClass, answer: Document | None = None, request: Document | None = None) -> dict[str, Any]:
    """Return the arguments of a handler that needs a token; see `public`."""
    return {"responses": documents(*errors), _ANSWER: answer, _REQUEST: request}


def also(
    arguments: dict[str, Any], *, status: int, answer: type, description: str, example: Document
) -> dict[str, Any]:
    """Return the arguments of a handler with one more way to say that all is well."""
    spec = ResponseSpec(
        data_container=answer,
        description=description,
        generate_examples=False,
        examples=[Example(id="example", value=example)],
    )
    return {**arguments, "responses": {status: spec, **arguments["responses"]}}


def documents(*errors: ErrorClass) -> dict[int, ResponseSpec]:
    """Describe the error answers of an operation, each code with its own example."""
    by_status: dict[int, list[ErrorClass]] = {}
    for error in dict.fromkeys(errors):
        by_status.setdefault(error.status.value, []).append(error)
    return {status: _response(classes) for status, classes in sorted(by_status.items())}


def example_of(error: ErrorClass) -> dict[str, Any]:
    """Return the envelope as a client would meet it."""
    instance = error()
    if isinstance(instance, ValidationException) and instance.status is HTTPStatus.BAD_REQUEST:
        instance.errors = (_EXAMPLE_FIELD_ERROR,)
    problem = problem_of(instance, at=_EXAMPLE_TIME, request_id=_EXAMPLE_ID)
    document: dict[str, Any] = msgspec.to_builtins(problem)
    return document


def _response(classes: Sequence[ErrorClass]) -> ResponseSpec:
    lines = [f"`{error.error_code}`: {_first_line(error)}" for error in classes]
    if any(issubclass(error, RetryLaterException) for error in classes):
        lines.append("`Retry-After` says in how many seconds to try again.")
    return ResponseSpec(
        data_container=Problem,
        description="\n\n".join(lines),
        media_type=PROBLEM_MEDIA_TYPE,
        generate_examples=False,
        examples=[Example(id=error.error_code, summary=error.detail, value=example_of(error)) for error in classes],
    )


def _first_line(error: ErrorClass) -> str:
    return (error.__doc__ or error.detail).strip().partition("\n")[0]


def complete(app: Litestar, *, first: Sequence[str]) -> None:
    """Add what Litestar cannot be told: examples, which bodies may be left out, and the order of reading.

    Args:
        app: whose document is completed, in place.
        first: the paths that a newcomer reads first, in this order.
    """
    paths = app.openapi_schema.paths or {}
    app.openapi_schema.paths = paths = {
        **{path: paths[path] for path in first if path in paths},
        **{path: item for path, item in paths.items() if path not in first},
    }
    schemas = app.openapi_schema.components.schemas
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format in paths:
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    operation = getattr(paths[route.path_format], method.lower(), None)
                    if operation is not None:
                        _complete(operation, handler, schemas)


def _complete(operation: Operation, handler: HTTPRouteHandler, schemas: dict[str, Schema]) -> None:
    if operation.request_body is not None and handler.parsed_data_field is not None:
        body = operation.request_body
        body.required = not handler.parsed_data_field.is_optional  # type: ignore[union-attr]
        _exemplify(body.content, handler.opt.get(_REQUEST))  # type: ignore[union-attr]
        for media in body.content.values():  # type: ignore[union-attr]
            _close(media, schemas)
    for response in (operation.responses or {}).values():
        for media in (response.content or {}).values() if isinstance(response, OpenAPIResponse) else ():
            for example in (media.examples or {}).values():
                if isinstance(example, Example):
                    example.id = None  # became the key; inside, the specification has no such field
    answer = (operation.responses or {}).get(str(handler.status_code))
    if isinstance(answer, OpenAPIResponse):
        answer.description = _SUCCESS.get(handler.status_code, answer.description)
    if isinstance(answer, OpenAPIResponse) and answer.content:
        _exemplify(answer.content, handler.opt.get(_ANSWER))


class _LiteralExample(Example):
    """An example with its nulls, which Litestar leaves out of every dictionary."""

    def to_schema(self) -> dict[str, Any]:
        return {"value": self.value}


def _exemplify(content: dict[str, OpenAPIMediaType], example: Document | None) -> None:
    for media in content.values() if example is not None else ():
        media.examples = {"example": _LiteralExample(value=example)}


def _close(media: OpenAPIMediaType, schemas: dict[str, Schema]) -> None:
    """Say that a body is an object without further fields; a body that may be left out still may not be null."""
    if isinstance(media.schema, Schema) and media.schema.one_of:
        media.schema = media.schema.one_of[0]
    if isinstance(media.schema, Reference):
        schemas[media.schema.value].additional_properties = False
