"""Which users a list contains, and its parsing from the query parameters."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.ids import parse_id
from auth_api.users.identifiers import MAX_EMAIL_LENGTH, canonical_email, canonical_username

MAX_IDS: Final = 100
MIN_PREFIX_CHARACTERS: Final = 2


class FilterKind(StrEnum):
    """What users of a list have in common: the name of the query parameter that requests it."""

    ID = "id"
    EMAIL = "email"
    USERNAME = "username"
    USERNAME_PREFIX = "username_prefix"
    EMAIL_PREFIX = "email_prefix"
    ROLE = "role"
    DISABLED = "status"
    UNVERIFIED = "verified"


class UserFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which users a list contains.

    Attributes:
        kind: what they have in common; None for all users.
        text: the canonical text that they are compared with.
        ids: their ids, for this kind.
    """

    kind: FilterKind | None = None
    text: str = ""
    ids: tuple[int, ...] = ()


ALL_USERS: Final = UserFilter()


def requested_filter(ids: Sequence[str] | None, texts: Mapping[FilterKind, str | None]) -> UserFilter:
    """Return which users are requested: all, or those of one parameter.

    Raises:
        ValidationException: the parameter is invalid, or there are two.
    """
    given = {FilterKind.ID: ""} if ids else {}
    given |= {kind: text for kind, text in texts.items() if text is not None}
    if not given:
        return ALL_USERS
    (first, text), *others = given.items()
    if others:
        raise ValidationException([FieldError(others[0][0], "conflict", f"Cannot be combined with `{first}`.")])
    return UserFilter(kind=first, ids=_parse_ids(ids)) if ids else parse_user_filter(first, text)


def parse_user_filter(kind: FilterKind, text: str) -> UserFilter:
    """Return a filter by text, which becomes canonical.

    Raises:
        ValidationException: the text is invalid.
    """
    match kind:
        case FilterKind.EMAIL:
            text = canonical_email(text)
        case FilterKind.USERNAME:
            text = canonical_username(text)
        case FilterKind.USERNAME_PREFIX | FilterKind.EMAIL_PREFIX:
            text = _canonical_prefix(kind, text)
        case FilterKind.DISABLED:
            _require(kind, text, "disabled")
        case FilterKind.UNVERIFIED:
            _require(kind, text, "false")
    return UserFilter(kind=kind, text=text)


def _parse_ids(texts: Sequence[str]) -> tuple[int, ...]:
    ids = [number for text in texts if (number := parse_id(text)) is not None]
    if len(ids) != len(texts):
        raise ValidationException([FieldError(FilterKind.ID, "format", "Must be the `id` of a user.")])
    if len(ids) > MAX_IDS:
        raise ValidationException([FieldError(FilterKind.ID, "too_long", f"At most {MAX_IDS} ids.")])
    return tuple(dict.fromkeys(ids))


def _canonical_prefix(kind: FilterKind, text: str) -> str:
    if not (MIN_PREFIX_CHARACTERS <= len(text) <= MAX_EMAIL_LENGTH and text.isascii() and text.isprintable()):
        message = f"Must have {MIN_PREFIX_CHARACTERS} to {MAX_EMAIL_LENGTH} printable ASCII characters."
        raise ValidationException([FieldError(kind, "format", message)])
    return text.lower()


def _require(kind: FilterKind, text: str, only: str) -> None:
    if text != only:
        raise ValidationException([FieldError(kind, "format", f"Must be `{only}`.")])
