"""Parse the forms of pages strictly, and read them as the structs that JSON bodies have.

Litestar's parser accepts any content type, takes 5,000 fields and repeated ones, and replaces bytes that are not UTF-8.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Final, TypeVar, Union, get_args, get_origin
from urllib.parse import unquote_to_bytes

import msgspec

from auth_api.kit.errors import (
    FieldError,
    MalformedRequestException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from auth_api.kit.http.field_errors import harmless_name
from auth_api.kit.http.json import FieldCheck, decode, parse_object, size_limits

S = TypeVar("S", bound=msgspec.Struct)

MAX_FORM_FIELDS: Final = 64

_MEDIA_TYPE: Final = re.compile(
    r"application/x-www-form-urlencoded[ \t]*(?:;[ \t]*charset=(?:utf-?8|\"utf-?8\")[ \t]*)?", re.IGNORECASE
)
_BAD_ESCAPE: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_INTEGER: Final = re.compile(r"[0-9]{1,18}")
"""Digits of a number that fits into 64 bits."""

_BOOLEANS: Final = {"on": True, "true": True, "false": False}
"""`on` is what browsers send for a checkbox; the others are values of buttons."""


def parse_form(
    content_type: str, content_encoding: str, body: bytes, *, repeatable: frozenset[str] = frozenset()
) -> dict[str, str]:
    """Return the fields of a form (URL standard §5.1).

    Args:
        content_type: the header `Content-Type`; empty if there is none.
        content_encoding: the header `Content-Encoding`; empty if there is none.
        body: the body of the request.
        repeatable: names of fields that may be sent several times; their values are joined by spaces.

    Raises:
        UnsupportedMediaTypeException: the body is not declared as a form in UTF-8, or it is compressed.
        MalformedRequestException: more than `MAX_FORM_FIELDS` fields, an incomplete escape, bytes that are not UTF-8,
            or NUL.
        ValidationException: another field is repeated.
    """
    check_form_type(content_type, content_encoding)
    fields: dict[str, str] = {}
    repeated: dict[str, None] = {}  # as an ordered set
    for name, value in parse_pairs(body):
        if name not in fields:
            fields[name] = value
        elif name in repeatable:
            fields[name] = f"{fields[name]} {value}".strip(" ")
        else:
            repeated[harmless_name(name)] = None
    if repeated:
        raise ValidationException(FieldError(name, "repeated", "Must be sent only once.") for name in repeated)
    return fields


def read_form(fields: Mapping[str, str], struct_type: type[S], checks: Mapping[str, FieldCheck]) -> S:
    """Convert the fields of a form to a struct, which is validated as if it had been sent as JSON.

    Fields that the struct does not have are ignored. An empty field counts as absent. Booleans are `on`, `true` or
    `false`, integers are digits, objects are JSON, and lists are the values of a repeatable field.

    Args:
        fields: texts by name.
        struct_type: the struct.
        checks: by the names in the annotations of the fields.

    Raises:
        ValidationException: all invalid and missing fields; if only one check failed, its own subclass.
    """
    kinds = _kinds(struct_type)
    document = {name: _value(fields[name], kinds[name]) for name in kinds if fields.get(name)}
    limits = size_limits(struct_type)
    too_long = {name: limit for name, limit in limits.items() if len(fields.get(name, "").encode()) > limit}
    return decode(document, struct_type, checks, too_long=too_long)


def repeatable_fields(struct_type: type[msgspec.Struct]) -> frozenset[str]:
    """Return the fields of a struct that are lists, which a form sends once per checked box."""
    return frozenset(name for name, kinds in _kinds(struct_type).items() if list in kinds)


def check_form_type(content_type: str, content_encoding: str) -> None:
    """Check that a body is declared as a form in UTF-8 that is not compressed.

    Raises:
        UnsupportedMediaTypeException: it is not.
    """
    is_compressed = content_encoding.strip().lower() not in {"", "identity"}
    if is_compressed or _MEDIA_TYPE.fullmatch(content_type.strip()) is None:
        raise UnsupportedMediaTypeException


def parse_pairs(encoded: bytes) -> Iterator[tuple[str, str]]:
    """Yield the names and values of a form or of a query string, in their order.

    Raises:
        MalformedRequestException: as `parse_form`.
    """
    pieces = [piece for piece in encoded.split(b"&") if piece]
    if len(pieces) > MAX_FORM_FIELDS or _BAD_ESCAPE.search(encoded):
        raise MalformedRequestException
    for piece in pieces:
        name, _, value = piece.partition(b"=")
        yield _text(name), _text(value)


def _text(encoded: bytes) -> str:
    try:
        text = unquote_to_bytes(encoded.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as error:
        raise MalformedRequestException from error
    if "\0" in text:
        raise MalformedRequestException
    return text


def _value(text: str, kinds: frozenset[Any]) -> Any:
    """Return a text as the value that JSON would have, or unchanged if it is none: then the type does not fit."""
    if bool in kinds:
        return _BOOLEANS.get(text, text)
    if int in kinds:
        return int(text) if _INTEGER.fullmatch(text) else text
    if list in kinds:
        return text.split(" ")
    if dict in kinds:
        try:
            return parse_object(text.encode())
        except MalformedRequestException:
            return text
    return text


@cache
def _kinds(struct_type: type[msgspec.Struct]) -> Mapping[str, frozenset[Any]]:
    """Return the types of each field without their annotations, by its name on the wire."""
    return {field.encode_name: frozenset(_types(field.type)) for field in msgspec.structs.fields(struct_type)}


def _types(annotation: Any) -> Iterator[Any]:
    if hasattr(annotation, "__metadata__"):
        yield from _types(annotation.__origin__)
    elif (origin := get_origin(annotation)) in {Union, UnionType}:
        for member in get_args(annotation):
            yield from _types(member)
    else:
        yield origin or annotation
