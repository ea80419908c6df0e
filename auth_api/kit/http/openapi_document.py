"""Complete the OpenAPI document where Litestar has no settings."""

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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

from auth_api.kit.http.access import ACCESS, Access
from auth_api.kit.http.openapi import (
    ALSO_HTML,
    BODY_ERRORS,
    DATABASE_ERRORS,
    EDGE_ERRORS,
    REQUEST_EXAMPLES,
    RESPONSE_EXAMPLES,
    Document,
    ErrorClass,
)
from auth_api.kit.http.problems import PROBLEM_MEDIA_TYPE, Problem
from auth_api.kit.http.rate_limit import LIMIT

ERROR_CODE: Final = "ErrorCode"
KNOWN_ERROR_CODE: Final = "KnownErrorCode"
"""Names of schemas: any error code, and those of this version."""

_SHARED_CODES: Final = frozenset(error.error_code for error in (*EDGE_ERRORS, *BODY_ERRORS, *DATABASE_ERRORS))
"""Codes of errors that no feature owns. Responses with no other codes are components."""

_SUCCESS_DESCRIPTIONS: Final = {200: "OK.", 201: "Created.", 202: "Accepted.", 204: "No content."}

_HEADERS: Final = {
    "Retry-After": OpenAPIHeader(
        description="Seconds to wait before the same request is sent again.",
        schema=Schema(type=OpenAPIType.INTEGER, minimum=1),
    ),
    "WWW-Authenticate": OpenAPIHeader(
        description='`Bearer`, with `error="invalid_token"` if the request had a token (RFC 6750), or on 403 with '
        '`error="insufficient_user_authentication"` and what the operation needs (RFC 9470).',
        schema=Schema(type=OpenAPIType.STRING),
    ),
    "RateLimit": OpenAPIHeader(
        description="Remaining requests (`r`) of the limit, and seconds until all are available again (`t`).",
        schema=Schema(type=OpenAPIType.STRING, examples=['"login";r=4;t=60']),
    ),
    "RateLimit-Policy": OpenAPIHeader(
        description="Requests (`q`) that one network may send in a window of `w` seconds.",
        schema=Schema(type=OpenAPIType.STRING, examples=['"login";q=5;w=60']),
    ),
}
_QUOTA_HEADERS: Final = ("RateLimit", "RateLimit-Policy")


def complete(app: Litestar, *, first: Sequence[str], errors: Sequence[ErrorClass]) -> None:
    """Add examples, headers, descriptions, error codes, optional bodies and the order of paths to the document.

    Args:
        app: the application, whose document is changed in place.
        first: the paths that come first, in this order.
        errors: all errors.
    """
    paths = app.openapi_schema.paths or {}
    app.openapi_schema.paths = paths = {
        **{path: paths[path] for path in first if path in paths},
        **{path: item for path, item in paths.items() if path not in first},
    }
    app.openapi_schema.components.headers = {**_HEADERS}
    schemas = app.openapi_schema.components.schemas
    _describe_schemas(schemas)
    _enumerate_codes(schemas, errors)
    error_headers = {error.error_code: [name for name in error().headers if name in _HEADERS] for error in errors}
    operations = []
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format in paths:
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    operation = getattr(paths[route.path_format], method.lower(), None)
                    if operation is not None:
                        _describe_access(operation, handler.opt[ACCESS])
                        _complete(operation, handler, schemas, error_headers)
                        operations.append(operation)
    app.openapi_schema.components.responses = _share_responses(operations)


def _describe_access(operation: Operation, access: Access) -> None:
    operation.security = access.security
    if access.permission is not None:
        operation.description = f"{operation.description}\n\nNeeds the permission `{access.permission}`."
    elif access.key_permission is not None:
        operation.description = f"{operation.description}\n\nAn API key needs the permission `{access.key_permission}`."


def _describe_schemas(schemas: Mapping[str, Schema]) -> None:
    """Describe every schema by the docstring of its struct."""
    documented = {struct.__name__: struct.__doc__ for struct in _structs(msgspec.Struct)}
    for name, schema in schemas.items():
        schema.description = inspect.cleandoc(documented.get(name) or "").partition("\n")[0] or None
        for field, described in (schema.properties or {}).items():
            if isinstance(described, Schema) and described.one_of and len(described.one_of) == 1:
                (only,) = described.one_of  # the field may be missing
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
    # A string beside the enumeration: with the enumeration only, generated clients raise on a new code.
    schemas[ERROR_CODE] = Schema(
        any_of=[Reference(f"#/components/schemas/{KNOWN_ERROR_CODE}"), Schema(type=OpenAPIType.STRING)],
        title=ERROR_CODE,
        description=(
            "The error. `/errors/{error_code}` explains a code and what to do about it. A code never changes its "
            "meaning, but later versions add codes: handle an unknown one by its HTTP status."
        ),
    )


def _complete(
    operation: Operation,
    handler: HTTPRouteHandler,
    schemas: dict[str, Schema],
    error_headers: Mapping[str, Sequence[str]],
) -> None:
    if operation.request_body is not None and handler.parsed_data_field is not None:
        body = operation.request_body
        body.required = not handler.parsed_data_field.is_optional  # type: ignore[union-attr]
        _add_examples(body.content, handler.opt[REQUEST_EXAMPLES])  # type: ignore[union-attr]
        for media in body.content.values():  # type: ignore[union-attr]
            _make_strict(media, schemas)
    known = {handler.status_code, *(handler.responses or {})}
    operation.responses = {  # without the 400 that Litestar adds for every path parameter: here it is a 404
        status: response for status, response in (operation.responses or {}).items() if int(status) in known
    }
    for status, response in operation.responses.items():
        if isinstance(response, OpenAPIResponse):
            _complete_response(response, int(status), error_headers, is_limited=LIMIT in handler.opt)
    success = operation.responses.get(str(handler.status_code))
    if isinstance(success, OpenAPIResponse):
        success.description = _SUCCESS_DESCRIPTIONS.get(handler.status_code, success.description)
    if isinstance(success, OpenAPIResponse) and success.content:
        _add_examples(success.content, handler.opt[RESPONSE_EXAMPLES])
    if ALSO_HTML in handler.opt:
        for response in operation.responses.values():
            if isinstance(response, OpenAPIResponse) and response.content:
                response.content["text/html"] = OpenAPIMediaType(schema=Schema(type=OpenAPIType.STRING))


def _complete_response(
    response: OpenAPIResponse, status: int, error_headers: Mapping[str, Sequence[str]], *, is_limited: bool
) -> None:
    content = response.content or {}
    for media in content.values():
        # The id became the key, and the specification has no such field. The original is used by all applications.
        media.examples = media.examples and {
            name: replace(example, id=None) if isinstance(example, Example) else example
            for name, example in media.examples.items()
        }
    is_error = PROBLEM_MEDIA_TYPE in content
    codes = content[PROBLEM_MEDIA_TYPE].examples or () if is_error else ()
    names = [
        *dict.fromkeys(name for code in codes for name in error_headers[code]),
        *(_QUOTA_HEADERS if is_limited and (not is_error or status == HTTPStatus.TOO_MANY_REQUESTS) else []),
    ]
    if content and status >= HTTPStatus.BAD_REQUEST:  # beside a document of the operation itself
        problem = OpenAPIMediaType(schema=Reference(f"#/components/schemas/{Problem.__name__}"))
        content.setdefault(PROBLEM_MEDIA_TYPE, problem)
    response.headers = {name: Reference(f"#/components/headers/{name}") for name in names} or None


def _share_responses(operations: Sequence[Operation]) -> dict[str, OpenAPIResponse | Reference]:
    """Replace responses that operations have in common by references to components, which are named by their codes."""
    shared: dict[str, OpenAPIResponse | Reference] = {}
    for operation in operations:
        for status, response in (operation.responses or {}).items():
            name = _shared_name(response)
            if name is not None:
                shared.setdefault(name, response)
                operation.responses[status] = Reference(f"#/components/responses/{name}")  # type: ignore[index]
    return shared


def _shared_name(response: OpenAPIResponse | Reference) -> str | None:
    if isinstance(response, Reference) or PROBLEM_MEDIA_TYPE not in (response.content or {}):
        return None
    codes = list(response.content[PROBLEM_MEDIA_TYPE].examples or ())  # type: ignore[index]
    if not codes or not _SHARED_CODES.issuperset(codes):
        return None
    return "-".join(codes) + ("-with-quota" if _QUOTA_HEADERS[0] in (response.headers or {}) else "")


class _LiteralExample(Example):
    """An example with its nulls, which Litestar omits from dictionaries."""

    def to_schema(self) -> dict[str, Any]:
        return {"value": self.value}


def _add_examples(content: dict[str, OpenAPIMediaType], examples: Mapping[str, Document]) -> None:
    for media in content.values() if examples else ():
        media.examples = {name: _LiteralExample(value=example) for name, example in examples.items()}


def _make_strict(media: OpenAPIMediaType, schemas: dict[str, Schema]) -> None:
    """Forbid unknown fields in a body, and null for an optional body."""
    if isinstance(media.schema, Schema) and media.schema.one_of:
        media.schema = media.schema.one_of[0]
    if isinstance(media.schema, Reference):
        schemas[media.schema.value].additional_properties = False
