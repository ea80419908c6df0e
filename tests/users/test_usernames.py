"""The one form of a username, and what has none."""

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

REFUSED = {
    "nothing": "",
    "two characters": "ab",
    "51 characters": "a" * 51,
    "begins with a dot": ".ada",
    "begins with a hyphen": "-ada",
    "begins with an underscore": "_ada",
    "ends with a dot": "ada.",
    "ends with a hyphen": "ada-",
    "ends with an underscore": "ada_",
    "dots alone": "...",
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


@pytest.mark.parametrize(("typed", "stored"), ACCEPTED.items())
def test_a_username_has_one_form(typed: str, stored: str) -> None:
    assert new_username(typed) == stored
    assert new_username(stored) == stored


@pytest.mark.parametrize("typed", REFUSED.values(), ids=REFUSED)
def test_what_is_no_username_or_would_be_folded_into_one_is_refused(typed: str) -> None:
    with pytest.raises(ValidationException) as refused:
        canonical_username(typed)

    assert [(error.field, error.code) for error in refused.value.errors] == [("username", "format")]


@pytest.mark.parametrize("name", [name for name in RESERVED if len(name) > 2])
def test_a_reserved_name_is_refused_in_any_case(name: str) -> None:
    with pytest.raises(ValidationException) as refused:
        new_username(name.title())

    assert [(error.field, error.code) for error in refused.value.errors] == [("username", "reserved")]


def test_the_reserved_list_has_what_the_contract_names_in_the_form_that_is_compared() -> None:
    assert set(RESERVED) <= RESERVED_USERNAMES
    assert [name for name in RESERVED_USERNAMES if name != name.lower()] == []


@pytest.mark.parametrize("name", ["adminada", "ada.admin", "admin1"])
def test_a_name_that_only_contains_a_reserved_one_is_free(name: str) -> None:
    assert new_username(name) == name
