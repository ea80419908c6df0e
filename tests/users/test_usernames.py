"""The canonical form of a username, and the spellings that are rejected."""

import pytest

from auth_api.kit.errors import ValidationException
from auth_api.users.identifiers import RESERVED_USERNAMES, canonical_username, new_username

pytestmark = pytest.mark.engine_independent

ACCEPTED = {
    "ada": "ada",
    "Ada": "ada",
    "ADA.LOVELACE": "ada.lovelace",
    "1ad": "1ad",
    "ada1": "ada1",
    "007": "007",
    "a_b": "a_b",
    "a.b": "a.b",
    "a-b": "a-b",
    "a._-b": "a._-b",
    "a" * 50: "a" * 50,
}

INVALID = {
    "empty": "",
    "two characters": "ab",
    "51 characters": "a" * 51,
    "begins with a dot": ".ada",
    "begins with a hyphen": "-ada",
    "begins with an underscore": "_ada",
    "ends with a dot": "ada.",
    "ends with a hyphen": "ada-",
    "ends with an underscore": "ada_",
    "only dots": "...",
    "a space": "ada lovelace",
    "a leading space": " ada",
    "a trailing space": "ada ",
    "a line break at the end": "ada\n",
    "an @": "ada@home",
    "a plus": "ada+1",
    "a slash": "ada/1",
    "an umlaut": "ädä",
    "Cyrillic letters that look alike": "\u0430d\u0430",
    "a full-width letter": "\uff41da",
    "a ligature": "\ufb01ona",
    "a long s": "\u017fam",
    "a Kelvin sign": "\u212aarl",
    "a dotted capital I": "\u0130da",
    "an Arabic digit": "ada\u0661",
    "a zero-width joiner": "a\u200dda",
}

RESERVED = [
    "admin",
    "administrator",
    "root",
    "system",
    "api",
    "auth",
    "login",
    "logout",
    "register",
    "me",
    "user",
    "users",
    "support",
    "help",
    "security",
    "postmaster",
    "abuse",
    "null",
    "undefined",
    "anonymous",
]


@pytest.mark.parametrize(("raw", "stored"), ACCEPTED.items())
def test_username_has_one_canonical_form(raw: str, stored: str) -> None:
    assert new_username(raw) == stored
    assert new_username(stored) == stored


@pytest.mark.parametrize("raw", INVALID.values(), ids=INVALID)
def test_invalid_or_folded_username_is_rejected(raw: str) -> None:
    with pytest.raises(ValidationException) as rejected:
        canonical_username(raw)

    assert [(error.field, error.code) for error in rejected.value.errors] == [("username", "format")]


@pytest.mark.parametrize("name", [name for name in RESERVED if len(name) > 2])
def test_reserved_username_is_rejected_in_any_case(name: str) -> None:
    with pytest.raises(ValidationException) as rejected:
        new_username(name.title())

    assert [(error.field, error.code) for error in rejected.value.errors] == [("username", "reserved")]


def test_reserved_list_contains_the_required_names_in_lower_case() -> None:
    assert set(RESERVED) <= RESERVED_USERNAMES
    assert [name for name in RESERVED_USERNAMES if name != name.lower()] == []


@pytest.mark.parametrize("name", ["adminada", "ada.admin", "admin1"])
def test_username_may_contain_a_reserved_name(name: str) -> None:
    assert new_username(name) == name
