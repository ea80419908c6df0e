"""Adds to the OpenAPI document what Litestar cannot be told."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import (
    Example,
    OpenAPIHeader,
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    Reference,
    Schema,
)
from litestar.routes import HTTPRoute

from auth_api.kit.http.openapi import REQUEST, RESPONSE, Document, ErrorClass
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE
from auth_api.kit.http.rate_limit import LIMIT

ERROR_CODE: Final = "ErrorCode"
KNOWN_ERROR_CODE: Final = "KnownErrorCode"
"""Names of schemas: any error code, and those of this version."""

_SUCCESS: Final = {200: "All is well.", 201: "It is made.", 204: "It is done; there is nothing to say."}

_HEADERS: Final = {
    "Retry-After": OpenAPIHeader(
        description="Seconds after which the same request may succeed.",
        schema=Schema(type=OpenAPIType.INTEGER, minimum=1),
    ),
    "WWW-Authenticate": OpenAPIHeader(
        description='`Bearer`, with `error="invalid_token"` where a token was sent (RFC 6750).',
        schema=Schema(type=OpenAPIType.STRING),
    ),
    "RateLimit": OpenAPIHeader(
        description="What is left of the limit, and in how many seconds it is whole again.",
        schema=Schema(type=OpenAPIType.STRING, examples=['"login";r=4;t=60']),
    ),
    "RateLimit-Policy": OpenAPIHeader(
        description="How many requests a network may send, in how many seconds.",
        schema=Schema(type=OpenAPIType.STRING, examples=['"login";q=5;w=60']),
    ),
}
_BUDGET: Final = ("RateLimit", "RateLimit-Policy")
_HEADERS_OF_ERRORS: Final[Mapping[int, Sequence[str]]] = {
    HTTPStatus.UNAUTHORIZED: ["WWW-Authenticate"],
    HTTPStatus.TOO_MANY_REQUESTS: ["Retry-After"],
    HTTPStatus.SERVICE_UNAVAILABLE: ["Retry-After"],
}


def complete(app: Litestar, *, first: Sequence[str], errors: Sequence[ErrorClass]) -> None:
    """Add examples, headers, descriptions, which bodies may be left out, all error codes, and the order of reading.

    Args:
        app: whose document is completed, in place.
        first: the paths that a newcomer reads first, in this order.
        errors: all there are.
    """
    paths = app.openapi_schema.paths or {}
    app.openapi_schema.paths = paths = {
        **{path: paths[path] for path in first if path in paths},
        **{path: item for path, item in paths.items() if path not in first},
    }
    app.openapi_schema.components.headers = {**_HEADERS}
    schemas = app.openapi_schema.components.schemas
    _describe(schemas)
    _enumerate_codes(schemas, errors)
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format in paths:
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    operation = getattr(paths[route.path_format], method.lower(), None)
                    if operation is not None:
                        _complete(operation, handler, schemas)


def _describe(schemas: Mapping[str, Schema]) -> None:
    """Say of every schema what the struct says that it was made of."""
    documented = {struct.__name__: struct.__doc__ for struct in _structs(msgspec.Struct)}
    for name, schema in schemas.items():
        schema.description = inspect.cleandoc(documented.get(name) or "").partition("\n")[0] or None
        for field, described in (schema.properties or {}).items():
            if isinstance(described, Schema) and described.one_of and len(described.one_of) == 1:
                (only,) = described.one_of  # of a field that may be missing
                if isinstance(only, Schema):
                    only.description = described.description
                schema.properties[field] = only  # type: ignore[index]


def _structs(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for child in kind.__subclasses__():
        if child.__module__.startswith("auth_api."):
            yield child
            yield from _structs(child)


def _enumerate_codes(schemas: dict[str, Schema], errors: Sequence[ErrorClass]) -> None:
    for schema in schemas.values():
        if schema.properties and "error_code" in schema.properties:
            schema.properties["error_code"] = Reference(f"#/components/schemas/{ERROR_CODE}")
    schemas[KNOWN_ERROR_CODE] = Schema(
        type=OpenAPIType.STRING,
        enum=[error.error_code for error in errors],
        title=KNOWN_ERROR_CODE,
        description="The error codes of this version of the server.",
    )
    # A string beside the enumeration: generated clients raise on a value that an enumeration alone does not list.
    schemas[ERROR_CODE] = Schema(
        any_of=[Reference(f"#/components/schemas/{KNOWN_ERROR_CODE}"), Schema(type=OpenAPIType.STRING)],
        title=ERROR_CODE,
        description=(
            "What went wrong. `/errors/{error_code}` explains a code and what to do about it. A code never changes its "
            "meaning, but later versions add codes: handle an unknown one by its HTTP status."
        ),
    )


def _complete(operation: Operation, handler: HTTPRouteHandler, schemas: dict[str, Schema]) -> None:
    if operation.request_body is not None and handler.parsed_data_field is not None:
        body = operation.request_body
        body.required = not handler.parsed_data_field.is_optional  # type: ignore[union-attr]
        _exemplify(body.content, handler.opt[REQUEST])  # type: ignore[union-attr]
        for media in body.content.values():  # type: ignore[union-attr]
            _close(media, schemas)
    known = {handler.status_code, *(handler.responses or {})}
    operation.responses = {  # without the 400 that Litestar expects of every path with a parameter: here it is a 404
        status: response for status, response in (operation.responses or {}).items() if int(status) in known
    }
    for status, response in operation.responses.items():
        if isinstance(response, OpenAPIResponse):
            _complete_response(response, int(status), is_limited=LIMIT in handler.opt)
    success = operation.responses.get(str(handler.status_code))
    if isinstance(success, OpenAPIResponse):
        success.description = _SUCCESS.get(handler.status_code, success.description)
    if isinstance(success, OpenAPIResponse) and success.content:
        _exemplify(success.content, handler.opt[RESPONSE])


def _complete_response(response: OpenAPIResponse, status: int, *, is_limited: bool) -> None:
    for media in (response.content or {}).values():
        for example in (media.examples or {}).values():
            if isinstance(example, Example):
                example.id = None  # became the key; inside, the specification has no such field
    is_error = PROBLEM_MEDIA_TYPE in (response.content or {})
    names = [
        *(_HEADERS_OF_ERRORS.get(status, []) if is_error else []),
        *(_BUDGET if is_limited and (not is_error or status == HTTPStatus.TOO_MANY_REQUESTS) else []),
    ]
    response.headers = {name: Reference(f"#/components/headers/{name}") for name in names} or None


class _LiteralExample(Example):
    """An example with its nulls, which Litestar leaves out of every dictionary."""

    def to_schema(self) -> dict[str, Any]:
        return {"value": self.value}


def _exemplify(content: dict[str, OpenAPIMediaType], examples: Mapping[str, Document]) -> None:
    for media in content.values() if examples else ():
        media.examples = {name: _LiteralExample(value=example) for name, example in examples.items()}


def _close(media: OpenAPIMediaType, schemas: dict[str, Schema]) -> None:
    """Say that a body is an object without further fields; a body that may be left out still may not be null."""
    if isinstance(media.schema, Schema) and media.schema.one_of:
        media.schema = media.schema.one_of[0]
    if isinstance(media.schema, Reference):
        schemas[media.schema.value].additional_properties = False
