"""The profile: what users state about themselves. Each field is optional, and null if its value is not known."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from auth_api.kit.http.json import FieldCheck
from auth_api.kit.language_tags import MAX_TAGS_LENGTH
from auth_api.users.locale_text import checked_locale
from auth_api.users.name_text import canonical_name

MAX_DISPLAY_NAME_LENGTH: Final = 100

DisplayName = Annotated[
    str,
    msgspec.Meta(
        description=(
            f"1 to {MAX_DISPLAY_NAME_LENGTH} characters of any script, not unique. Stored in Unicode's form NFC, "
            "without spaces around it. Applications must escape it in HTML."
        ),
        examples=["Ada Lovelace"],
        extra={"check": "display_name"},
        extra_json_schema={"extra": {"min_length": 1, "max_length": MAX_DISPLAY_NAME_LENGTH}},
    ),
]

Locale = Annotated[
    str,
    msgspec.Meta(
        max_length=MAX_TAGS_LENGTH,
        description=(
            "Language of mails and pages: a tag (BCP 47), or several, most preferred first, separated by commas. Until "
            "the user changes it, those that the browser preferred at the registration."
        ),
        examples=["en-GB"],
        extra={"check": "locale"},
    ),
]


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The fields of users and responses."""

    display_name: DisplayName | None
    locale: Locale | None


class ProfileInput(msgspec.Struct, frozen=True, kw_only=True):
    """The same fields in requests: null removes a value, and a field that is absent stays as it is."""

    display_name: DisplayName | UnsetType | None = UNSET
    locale: Locale | UnsetType | None = UNSET


EMPTY_PROFILE: Final = ProfileInput()

PROFILE_COLUMNS: Final = "display_name, locale"
"""The columns of table `users` with these fields."""

PROFILE_CHECKS: Final[Mapping[str, FieldCheck]] = {
    "display_name": partial(canonical_name, max_length=MAX_DISPLAY_NAME_LENGTH),
    "locale": checked_locale,
}
"""The checks that the fields refer to; each returns the stored form of a value."""

EXAMPLE_PROFILE: Final[Mapping[str, Any]] = {"display_name": "Ada Lovelace", "locale": "en-GB"}


def profile_fields(profile: Profile) -> dict[str, str | None]:
    """Return the values of all fields by name."""
    return {name: getattr(profile, name) for name in Profile.__struct_fields__}


def stated_fields(profile: ProfileInput) -> dict[str, str | None]:
    """Return the values of a request by name, without the absent fields."""
    values = {name: getattr(profile, name) for name in ProfileInput.__struct_fields__}
    return {name: value for name, value in values.items() if value is not UNSET}
