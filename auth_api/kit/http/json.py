"""Parse JSON bodies strictly, and report all invalid fields at once.

Litestar itself accepts any content type, uses the last one of two equal keys, converts `"7"` to 7, stops at the first
invalid field and responds with 500 to bytes that are not UTF-8.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar, get_args

import msgspec
from litestar import Request

from auth_api.kit.errors import (
    FieldError,
    MalformedRequestException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from auth_api.kit.http.field_errors import describe, harmless_name

S = TypeVar("S", bound=msgspec.Struct)

MAX_NESTING_DEPTH: Final = 16

MAX_REPORTED_UNKNOWN_FIELDS: Final = 20
"""Limits the response, which must not be larger than the request."""

FieldCheck = Callable[[Any, Mapping[str, Any]], Any]
"""Returns the canonical form of a field's value, given the value and the whole document.

Raises a ValidationException with the errors of this field.
"""

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class NoFields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""


class StrictRequest(Request[Any, Any, Any]):
    """A request whose `json()` is the struct that the handler takes, validated and in canonical form.

    A field annotated with `Meta(extra={"check": name})` is validated by the check of that name; with
    `Meta(extra={"any_text": True})` it may contain control characters; with `Meta(extra={"max_bytes": number})` its
    JSON may have at most that many bytes.
    """

    checks: ClassVar[Mapping[str, FieldCheck]] = {}

    async def json(self) -> Any:
        """Return the body as the struct that the handler takes.

        Raises:
            UnsupportedMediaTypeException: the body is not declared as JSON in UTF-8, or it is compressed.
            MalformedRequestException: the body is not a JSON object, or an ambiguous one.
            ValidationException: some fields are invalid.
        """
        self._require_json()
        body = await self.body()
        document = parse_object(body)
        field = self.route_handler.parsed_data_field
        struct_type = _struct_in(field.annotation) if field is not None else None
        if struct_type is None:
            return document
        return decode(document, struct_type, self.checks, too_long=oversized_fields(body, struct_type))

    def _require_json(self) -> None:
        media_type, parameters = self.content_type
        charset = parameters.get("charset", "utf-8").strip('"').lower()
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if media_type.lower() != "application/json" or charset not in {"utf-8", "utf8"} or encoding != "identity":
            raise UnsupportedMediaTypeException


def strict_request(checks: Mapping[str, FieldCheck]) -> type[StrictRequest]:
    """Return a request class with these checks, by name."""
    return type("CheckedRequest", (StrictRequest,), {"checks": checks})


def parse_object(body: bytes) -> dict[str, Any]:
    """Parse a JSON object that every parser reads in the same way (RFC 8259 §4, §8.1).

    Raises:
        MalformedRequestException: not UTF-8, not JSON, not an object, or with equal keys, NaN, a lone surrogate or too
            deep nesting.
    """
    try:
        document = _DECODER.decode(body.decode())
        _scan(document, MAX_NESTING_DEPTH)
    except (ValueError, RecursionError) as error:  # ValueError covers the errors of both decoders
        raise MalformedRequestException from error
    if not isinstance(document, dict):
        raise MalformedRequestException
    return document


def oversized_fields(body: bytes, struct_type: type[msgspec.Struct]) -> dict[str, int]:
    """Return the fields of a JSON object that are longer, as they were sent, than their `max_bytes`, and that limit."""
    limits = size_limits(struct_type)
    if not limits:
        return {}
    sent = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    return {name: limit for name, limit in limits.items() if len(sent.get(name, b"")) > limit}


@cache
def size_limits(struct_type: type[msgspec.Struct]) -> Mapping[str, int]:
    """Return the `max_bytes` of the fields that have one, by name."""
    limits = {field.encode_name: _extra(field.type).get("max_bytes") for field in _fields(struct_type)}
    return {name: limit for name, limit in limits.items() if limit}


def decode(
    document: Mapping[str, Any],
    struct_type: type[S],
    checks: Mapping[str, FieldCheck],
    *,
    too_long: Mapping[str, int] = MappingProxyType({}),
) -> S:
    """Convert a document to a struct without coercing types.

    Args:
        document: the JSON object.
        struct_type: the struct.
        checks: by the names in the annotations of the fields.
        too_long: fields that are too long, and their limits in bytes.

    Raises:
        ValidationException: all invalid, missing and unknown fields; if only one check failed, its own subclass.
    """
    values: dict[str, Any] = {}
    refusals: list[ValidationException] = []
    fields = _fields(struct_type)
    for field in fields:
        name = field.encode_name
        if name not in document:
            if field.required:
                refusals.append(ValidationException([FieldError(name, "missing", "This field is required.")]))
            continue
        if name in too_long:
            message = f"Must have at most {too_long[name]} bytes."
            refusals.append(ValidationException([FieldError(name, "too_long", message)]))
            continue
        try:
            values[field.name] = _field_value(name, field.type, document, checks)
        except ValidationException as refusal:
            refusals.append(refusal)
    refusals.extend(ValidationException([error]) for error in _cross_check(struct_type, document))
    known = {field.encode_name for field in fields}
    refusals.extend(
        _unknown(name) for name in islice((name for name in document if name not in known), MAX_REPORTED_UNKNOWN_FIELDS)
    )
    if len(refusals) == 1:
        raise refusals[0]
    if refusals:
        raise ValidationException([error for refusal in refusals for error in refusal.errors])
    return struct_type(**values)


def _field_value(name: str, annotation: Any, document: Mapping[str, Any], checks: Mapping[str, FieldCheck]) -> Any:
    try:
        value = msgspec.convert(document[name], annotation, strict=True)
    except msgspec.ValidationError as error:
        raise ValidationException([describe(name, str(error), annotation)]) from None
    extra = _extra(annotation)
    if isinstance(value, str) and not extra.get("any_text") and _CONTROL.search(value):
        raise ValidationException([FieldError(name, "control_character", "Must not contain control characters.")])
    if value is not None and "check" in extra:
        try:
            value = checks[extra["check"]](value, document)
        except ValidationException as refusal:  # the check does not know the name of the field
            refusal.errors = tuple(msgspec.structs.replace(error, field=name) for error in refusal.errors)
            raise
    return value


def _cross_check(struct_type: type[msgspec.Struct], document: Mapping[str, Any]) -> Iterable[FieldError]:
    """Return the errors of several fields taken together, found by the `cross_check` of the struct if it has one."""
    check = getattr(struct_type, "cross_check", None)
    return check(document) if check is not None else ()


def _extra(annotation: Any) -> Mapping[str, Any]:
    """Return the `extra` of a field's `Meta`, also within `… | None`."""
    for part in (annotation, *get_args(annotation)):
        for meta in getattr(part, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta) and meta.extra:
                return meta.extra
    return {}


def _unknown(name: str) -> ValidationException:
    return ValidationException([FieldError(harmless_name(name), "unknown", "This field does not exist.")])


@cache
def _fields(struct_type: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(struct_type)


def _struct_in(annotation: Any) -> type[msgspec.Struct] | None:
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _reject_equal_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        message = "equal keys"
        raise ValueError(message)
    return document


def _reject_constant(name: str) -> None:
    raise ValueError(name)


def _scan(value: Any, depth: int) -> None:
    """Raise a ValueError for values that are nested too deeply, and for strings that UTF-8 cannot encode."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, dict | list):
        if depth == 0:
            raise ValueError(MAX_NESTING_DEPTH)
        for key in value if isinstance(value, dict) else ():
            key.encode()
        for item in value.values() if isinstance(value, dict) else value:
            _scan(item, depth - 1)


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_reject_equal_keys, parse_constant=_reject_constant)
