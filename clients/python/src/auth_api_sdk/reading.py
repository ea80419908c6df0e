"""Read the models from JSON documents."""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin

from auth_api_sdk.models import LoggedIn, Registration, Tokens, User

T = TypeVar("T")


def read(model: type[T], document: Any, **known: Any) -> T:
    """Return an instance of a dataclass; unknown members are ignored.

    Args:
        model: the dataclass.
        document: the decoded JSON.
        **known: fields that are not members of the document.

    Raises:
        TypeError, ValueError: the document is not an object, or a member is missing or has another type.
    """
    if not isinstance(document, Mapping):
        message = f"not a JSON object: {model.__name__}"
        raise TypeError(message)
    values = dict(known)
    for each in fields(cast("Any", model)):
        if each.name in known:
            continue
        if each.name in document:
            values[each.name] = _value(each.type, document[each.name], each.name)
        elif each.default is MISSING and each.default_factory is MISSING:
            message = f"missing: {each.name}"
            raise TypeError(message)
    return model(**values)


def read_tokens(document: Any) -> Tokens:
    """Return the tokens of a response; the time of their receipt is now."""
    return read(Tokens, {name: value for name, value in dict(document).items() if name != "received_at"})


def read_login(document: Any) -> LoggedIn:
    """Return a completed login, whose tokens are beside the user in the document."""
    return read(LoggedIn, document, tokens=read_tokens(document))


def read_registration(document: Any) -> Registration:
    """Return the answer to a registration: user and tokens, only the user, or a message that tells neither."""
    user = read(User, document) if "id" in document else None
    return Registration(user, read_tokens(document) if "access_token" in document else None)


def _value(kind: Any, raw: Any, name: str) -> Any:
    if isinstance(kind, UnionType):
        if raw is None and NoneType in get_args(kind):
            return None
        (kind,) = (each for each in get_args(kind) if each is not NoneType)
    if kind is datetime:
        return datetime.fromisoformat(raw)
    if is_dataclass(kind):
        return read(cast("type[Any]", kind), raw)
    if get_origin(kind) is tuple and isinstance(raw, list):
        return tuple(_value(get_args(kind)[0], each, name) for each in raw)
    expected = get_origin(kind) or kind
    if not isinstance(raw, expected) or (expected is int and isinstance(raw, bool)):
        message = f"not of type {expected.__name__}: {name}"
        raise TypeError(message)
    return raw
