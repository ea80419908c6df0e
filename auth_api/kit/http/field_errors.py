"""Describe the errors of single fields to clients, in words of this server."""

import re
from typing import Any, Final

import msgspec

from auth_api.kit.errors import FieldError

_HARMLESS_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")
_LENGTH: Final = re.compile(r"length (<=|>=) (\d+)")
_BOUND: Final = re.compile(r"Expected `int` (<=|>=) (\d+)")
_TYPE: Final = re.compile(r"Expected `([a-z]+)")
_TYPE_NAMES: Final = {"str": "a string", "bool": "true or false", "int": "an integer", "object": "an object"}


def harmless_name(name: str) -> str:
    """Return the name of a field as a client sent it, or `?` if it could be a secret or a script, sent by mistake."""
    return name if _HARMLESS_NAME.fullmatch(name) else "?"


def describe(name: str, problem: str, annotation: Any) -> FieldError:
    """Return a field error for an error of msgspec, whose text may quote patterns or the client's values.

    Args:
        name: the field's name.
        problem: the text of the error.
        annotation: the field's type.
    """
    if problem.startswith("Invalid enum value") and (choices := _choices(annotation)):
        return FieldError(name, "type", f"Must be one of {', '.join(f'`{choice}`' for choice in choices)}.")
    if length := _LENGTH.search(problem):
        relation, number = length.groups()
        parts = "entries" if "`array`" in problem else "characters"
        if relation == "<=":
            return FieldError(name, "too_long", f"Must have at most {number} {parts}.")
        return FieldError(name, "too_short", f"Must have at least {number} {parts}.")
    if bound := _BOUND.search(problem):
        relation, number = bound.groups()
        return FieldError(name, "range", f"Must be {'at most' if relation == '<=' else 'at least'} {number}.")
    expected = _TYPE.search(problem)
    kind = _TYPE_NAMES.get(expected.group(1)) if expected else None
    return FieldError(name, "type", f"Must be {kind}." if kind else "Has the wrong type.")


def _choices(annotation: Any) -> list[str]:
    """Return the texts that a field accepts, if its type is an enumeration or literals."""
    info = msgspec.inspect.type_info(annotation)
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    if isinstance(info, msgspec.inspect.EnumType):
        return [str(member.value) for member in info.cls]
    return [str(value) for value in info.values] if isinstance(info, msgspec.inspect.LiteralType) else []
