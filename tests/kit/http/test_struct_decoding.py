"""A document becomes a struct without any coercion, and all that is wrong with it is told at once."""

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import msgspec
import pytest

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.http.json import MAX_REPORTED_UNKNOWN_FIELDS, decode

pytestmark = pytest.mark.engine_independent


class Shout(ValidationException):
    """What a check refuses with."""

    error_code = "SHOUT"


def lower(value: str, document: Mapping[str, Any]) -> str:
    """Fold to lower case, and refuse what is loud or the same as the name."""
    if value.endswith("!") or value == document.get("name"):
        raise Shout([FieldError("quiet", "loud", "May not be loud."), FieldError("quiet", "same", "May not be same.")])
    return value.lower()


CHECKS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {"lower": lower}

Short = Annotated[str, msgspec.Meta(min_length=2, max_length=5)]


class Order(msgspec.Struct):
    """One field of each kind."""

    name: Short
    flag: bool = False
    number: Annotated[int, msgspec.Meta(ge=1)] = 1
    quiet: Annotated[str, msgspec.Meta(extra={"check": "lower"})] | None = None
    free: Annotated[str, msgspec.Meta(extra={"any_text": True})] = ""
    renamed: str = msgspec.field(default="", name="other_name")


class Either(msgspec.Struct):
    """Exactly one of two."""

    one: str | None = None
    two: str | None = None

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Ask for one of them."""
        if len(document) != 1:
            yield FieldError("one", "either", "Send one or two.")


def errors_of(document: dict[str, Any], struct_type: type[msgspec.Struct] = Order) -> list[tuple[str, str]]:
    with pytest.raises(ValidationException) as refused:
        decode(document, struct_type, CHECKS)
    return [(error.field, error.code) for error in refused.value.errors]


def test_fields_get_their_values_and_their_defaults() -> None:
    assert decode({"name": "Ada", "flag": True, "number": 7}, Order, CHECKS) == Order("Ada", flag=True, number=7)
    assert decode({"name": "Ada"}, Order, CHECKS) == Order("Ada")


def test_a_field_is_known_by_its_name_on_the_wire() -> None:
    assert decode({"name": "Ada", "other_name": "x"}, Order, CHECKS).renamed == "x"
    assert errors_of({"name": "Ada", "renamed": "x"}) == [("renamed", "unknown")]


@pytest.mark.parametrize("value", [7, 7.0, True, None, ["Ada"], {"a": "Ada"}, 10**300])
def test_nothing_becomes_a_text(value: object) -> None:
    assert errors_of({"name": value}) == [("name", "type")]


@pytest.mark.parametrize("value", ["true", "True", "1", 1, 0, 1.0, None, "", []])
def test_nothing_becomes_a_boolean(value: object) -> None:
    assert errors_of({"name": "Ada", "flag": value}) == [("flag", "type")]


@pytest.mark.parametrize("value", ["7", 7.5, True, None, [7], "0x7"])
def test_nothing_becomes_a_number(value: object) -> None:
    assert errors_of({"name": "Ada", "number": value}) == [("number", "type")]


@pytest.mark.parametrize(("value", "code"), [("a", "too_short"), ("", "too_short"), ("abcdef", "too_long")])
def test_a_length_counts_characters(value: str, code: str) -> None:
    assert errors_of({"name": value}) == [("name", code)]


@pytest.mark.parametrize("value", ["ab", "äöüäö", "\U0001f600\U0001f600"])
def test_characters_are_not_bytes(value: str) -> None:
    assert decode({"name": value}, Order, CHECKS).name == value


def test_the_text_of_an_error_is_ours_and_never_holds_the_value() -> None:
    with pytest.raises(ValidationException) as refused:
        decode({"name": "hunter2", "flag": "hunter2", "number": "hunter2", "quiet": ["hunter2"]}, Order, CHECKS)

    assert [(error.field, error.message) for error in refused.value.errors] == [
        ("name", "May have at most 5 characters."),
        ("flag", "Must be true or false."),
        ("number", "Must be an integer."),
        ("quiet", "Must be a string."),
    ]


@pytest.mark.parametrize("character", ["\0", "\t", "\n", "\x1b", "\x7f", "\x80", "\x9f"])
def test_control_characters_are_refused_but_where_any_text_is_allowed(character: str) -> None:
    assert errors_of({"name": f"a{character}b"}) == [("name", "control_character")]
    assert decode({"name": "Ada", "free": character}, Order, CHECKS).free == character


@pytest.mark.parametrize("character", [" ", "\xa0", "\u200b", "\u2028", "é"])
def test_other_characters_are_not(character: str) -> None:
    assert decode({"name": f"a{character}b"}, Order, CHECKS).name == f"a{character}b"


def test_a_check_returns_the_canonical_value() -> None:
    assert decode({"name": "Ada", "quiet": "LOW"}, Order, CHECKS).quiet == "low"


def test_a_check_is_not_asked_about_null() -> None:
    assert decode({"name": "Ada", "quiet": None}, Order, CHECKS).quiet is None


def test_a_check_sees_the_other_fields() -> None:
    assert errors_of({"name": "Ada", "quiet": "Ada"}) == [("quiet", "loud"), ("quiet", "same")]


def test_where_nothing_but_a_check_fails_its_own_error_comes_through() -> None:
    with pytest.raises(Shout):
        decode({"name": "Ada", "quiet": "LOUD!"}, Order, CHECKS)


@pytest.mark.parametrize("also_wrong", [{"name": 7}, {"name": "Ada", "x": 1}, {}], ids=["type", "unknown", "missing"])
def test_where_more_fails_it_is_a_plain_validation_error_with_all_of_it(also_wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationException) as refused:
        decode({**also_wrong, "quiet": "LOUD!"}, Order, CHECKS)

    assert type(refused.value) is ValidationException
    assert len(refused.value.errors) == 3


def test_all_wrong_fields_are_told_at_once_in_a_lasting_order() -> None:
    document = {"zzz": 1, "number": "7", "aaa": 1, "quiet": "LOUD!", "flag": 1, "free": 1, "mmm": 1}

    assert errors_of(document) == [
        ("name", "missing"),
        ("flag", "type"),
        ("number", "type"),
        ("quiet", "loud"),
        ("quiet", "same"),
        ("free", "type"),
        ("zzz", "unknown"),
        ("aaa", "unknown"),
        ("mmm", "unknown"),
    ]


@pytest.mark.parametrize("name", ["is_active", "id", "_private", "A1", "x" * 32])
def test_an_unknown_field_is_told_by_its_name(name: str) -> None:
    assert errors_of({"name": "Ada", name: 1}) == [(name, "unknown")]


@pytest.mark.parametrize(
    "name", ["", "x" * 33, "a b", "<script>", "hunter2!", "1st", "ä", "a\n", "a.b", "__proto__\0", "rt_" + "A" * 43]
)
def test_a_name_that_is_none_is_not_repeated(name: str) -> None:
    """Somebody may have sent a secret, or a script, in its place."""
    assert errors_of({"name": "Ada", name: 1}) == [("?", "unknown")]


def test_the_answer_to_very_many_unknown_fields_is_short() -> None:
    document = {"name": "Ada", **{f"x{number}": 1 for number in range(5000)}}

    assert errors_of(document) == [(f"x{number}", "unknown") for number in range(MAX_REPORTED_UNKNOWN_FIELDS)]


@pytest.mark.parametrize("document", [{}, {"one": "a", "two": "b"}])
def test_fields_may_be_wrong_together(document: dict[str, Any]) -> None:
    assert errors_of(document, Either) == [("one", "either")]


def test_fields_that_fit_together_pass() -> None:
    assert decode({"two": "b"}, Either, {}) == Either(two="b")
