"""decode: types are not coerced, and all errors are reported at once."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

import msgspec
import pytest

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.http.json import MAX_REPORTED_UNKNOWN_FIELDS, decode

pytestmark = pytest.mark.engine_independent


class LoudException(ValidationException):
    """The error of the check."""

    error_code = "LOUD"


def lower(value: str, document: Mapping[str, Any]) -> str:
    """Return the value in lower case; reject one that ends in "!" or equals the name."""
    if value.endswith("!") or value == document.get("name"):
        raise LoudException(
            [FieldError("quiet", "loud", "Must not be loud."), FieldError("quiet", "same", "Must not be the name.")]
        )
    return value.lower()


CHECKS: dict[str, Callable[[Any, Mapping[str, Any]], Any]] = {"lower": lower}

Short = Annotated[str, msgspec.Meta(min_length=2, max_length=5)]


class Method(StrEnum):
    """An enumeration."""

    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"


class Order(msgspec.Struct):
    """A struct with one field of each kind."""

    name: Short
    flag: bool = False
    number: Annotated[int, msgspec.Meta(ge=1)] = 1
    quiet: Annotated[str, msgspec.Meta(extra={"check": "lower"})] | None = None
    free: Annotated[str, msgspec.Meta(extra={"any_text": True})] = ""
    renamed: str = msgspec.field(default="", name="other_name")


class Either(msgspec.Struct):
    """A struct that needs exactly one of two fields."""

    one: str | None = None
    two: str | None = None

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield an error unless one field is set."""
        if len(document) != 1:
            yield FieldError("one", "either", "Send one or two.")


def errors_of(document: dict[str, Any], struct_type: type[msgspec.Struct] = Order) -> list[tuple[str, str]]:
    with pytest.raises(ValidationException) as caught:
        decode(document, struct_type, CHECKS)
    return [(error.field, error.code) for error in caught.value.errors]


def test_fields_have_their_values_or_defaults() -> None:
    assert decode({"name": "Ada", "flag": True, "number": 7}, Order, CHECKS) == Order("Ada", flag=True, number=7)
    assert decode({"name": "Ada"}, Order, CHECKS) == Order("Ada")


def test_field_is_read_by_its_encoded_name() -> None:
    assert decode({"name": "Ada", "other_name": "x"}, Order, CHECKS).renamed == "x"
    assert errors_of({"name": "Ada", "renamed": "x"}) == [("renamed", "unknown")]


@pytest.mark.parametrize("value", [7, 7.0, True, None, ["Ada"], {"a": "Ada"}, 10**300])
def test_other_types_are_not_coerced_to_a_string(value: object) -> None:
    assert errors_of({"name": value}) == [("name", "type")]


@pytest.mark.parametrize("value", ["true", "True", "1", 1, 0, 1.0, None, "", []])
def test_other_types_are_not_coerced_to_a_boolean(value: object) -> None:
    assert errors_of({"name": "Ada", "flag": value}) == [("flag", "type")]


@pytest.mark.parametrize("value", ["7", 7.5, True, None, [7], "0x7"])
def test_other_types_are_not_coerced_to_an_integer(value: object) -> None:
    assert errors_of({"name": "Ada", "number": value}) == [("number", "type")]


@pytest.mark.parametrize(("value", "code"), [("a", "too_short"), ("", "too_short"), ("abcdef", "too_long")])
def test_length_is_limited(value: str, code: str) -> None:
    assert errors_of({"name": value}) == [("name", code)]


@pytest.mark.parametrize("value", ["ab", "äöüäö", "\U0001f600\U0001f600"])
def test_length_counts_characters_instead_of_bytes(value: str) -> None:
    assert decode({"name": value}, Order, CHECKS).name == value


def test_message_is_our_own_and_never_contains_the_value() -> None:
    with pytest.raises(ValidationException) as caught:
        decode({"name": "hunter2", "flag": "hunter2", "number": "hunter2", "quiet": ["hunter2"]}, Order, CHECKS)

    assert [(error.field, error.message) for error in caught.value.errors] == [
        ("name", "Must have at most 5 characters."),
        ("flag", "Must be true or false."),
        ("number", "Must be an integer."),
        ("quiet", "Must be a string."),
    ]


class Choice(msgspec.Struct):
    """A struct whose fields accept only some texts."""

    method: Annotated[Method, msgspec.Meta(description="How.")] = Method.TOTP
    size: Literal["small", "large"] = "small"


def test_message_names_the_texts_that_a_field_accepts() -> None:
    with pytest.raises(ValidationException) as caught:
        decode({"method": "otp", "size": "hunter2"}, Choice, {})

    assert list(caught.value.errors) == [
        FieldError("method", "type", "Must be one of `totp`, `recovery_code`."),
        FieldError("size", "type", "Must be one of `large`, `small`."),
    ]


@pytest.mark.parametrize("character", ["\0", "\t", "\n", "\x1b", "\x7f", "\x80", "\x9f"])
def test_control_characters_are_rejected_unless_any_text_is_allowed(character: str) -> None:
    assert errors_of({"name": f"a{character}b"}) == [("name", "control_character")]
    assert decode({"name": "Ada", "free": character}, Order, CHECKS).free == character


@pytest.mark.parametrize("character", [" ", "\xa0", "\u200b", "\u2028", "é"])
def test_other_characters_are_accepted(character: str) -> None:
    assert decode({"name": f"a{character}b"}, Order, CHECKS).name == f"a{character}b"


def test_check_returns_the_canonical_value() -> None:
    assert decode({"name": "Ada", "quiet": "LOW"}, Order, CHECKS).quiet == "low"


def test_check_is_skipped_for_null() -> None:
    assert decode({"name": "Ada", "quiet": None}, Order, CHECKS).quiet is None


def test_check_gets_the_whole_document() -> None:
    assert errors_of({"name": "Ada", "quiet": "Ada"}) == [("quiet", "loud"), ("quiet", "same")]


def test_error_of_the_only_failed_check_is_raised_itself() -> None:
    with pytest.raises(LoudException):
        decode({"name": "Ada", "quiet": "LOUD!"}, Order, CHECKS)


@pytest.mark.parametrize("other_errors", [{"name": 7}, {"name": "Ada", "x": 1}, {}], ids=["type", "unknown", "missing"])
def test_several_errors_are_one_validation_error(other_errors: dict[str, Any]) -> None:
    with pytest.raises(ValidationException) as caught:
        decode({**other_errors, "quiet": "LOUD!"}, Order, CHECKS)

    assert type(caught.value) is ValidationException
    assert len(caught.value.errors) == 3


def test_all_invalid_fields_are_reported_in_a_stable_order() -> None:
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
def test_unknown_field_is_reported_by_name(name: str) -> None:
    assert errors_of({"name": "Ada", name: 1}) == [(name, "unknown")]


@pytest.mark.parametrize(
    "name", ["", "x" * 33, "a b", "<script>", "hunter2!", "1st", "ä", "a\n", "a.b", "__proto__\0", "rt_" + "A" * 43]
)
def test_unusual_field_name_is_not_echoed(name: str) -> None:
    """The name could be a secret or a script that was sent by mistake."""
    assert errors_of({"name": "Ada", name: 1}) == [("?", "unknown")]


def test_number_of_reported_unknown_fields_is_limited() -> None:
    document = {"name": "Ada", **{f"x{number}": 1 for number in range(5000)}}

    assert errors_of(document) == [(f"x{number}", "unknown") for number in range(MAX_REPORTED_UNKNOWN_FIELDS)]


@pytest.mark.parametrize("document", [{}, {"one": "a", "two": "b"}])
def test_cross_check_reports_fields_that_do_not_fit_together(document: dict[str, Any]) -> None:
    assert errors_of(document, Either) == [("one", "either")]


def test_cross_check_accepts_fields_that_fit_together() -> None:
    assert decode({"two": "b"}, Either, {}) == Either(two="b")
