"""read_form: the fields of a form become the struct that JSON would become, with the same checks."""

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
import pytest

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.kit.http.forms import parse_form, read_form, repeatable_fields

pytestmark = pytest.mark.engine_independent


class LoudException(ValidationException):
    """The error of the check."""

    error_code = "LOUD"


def lower(value: str, document: Mapping[str, Any]) -> str:
    if value == document["name"]:
        raise LoudException([FieldError("", "same", "Must not be the name.")])
    return value.lower()


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A struct with one field of each kind."""

    name: Annotated[str, msgspec.Meta(min_length=2, max_length=5)]
    keep: bool = False
    days: Annotated[int, msgspec.Meta(ge=1, le=400)] | None = None
    quiet: Annotated[str, msgspec.Meta(extra={"check": "lower"})] | None = None
    secret: Annotated[str, msgspec.Meta(extra={"any_text": True})] = ""
    method: Literal["totp", "passkey"] | msgspec.UnsetType = msgspec.UNSET
    credential: Annotated[dict[str, Any], msgspec.Meta(extra={"max_bytes": 20})] | None = None
    renamed: str = msgspec.field(default="", name="other_name")


class Switch(msgspec.Struct):
    """A struct with required fields that are not text, and a rule for both of them."""

    enabled: bool
    number: int

    @staticmethod
    def cross_check(document: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield an error if the switch is on without a positive number."""
        if document.get("enabled") is True and not document.get("number"):
            yield FieldError("number", "zero", "Must be positive.")


def read(struct_type: type[Any] = Order, /, **fields: str) -> Any:
    return read_form(fields, struct_type, {"lower": lower})


def errors_of(struct_type: type[Any] = Order, /, **fields: str) -> list[tuple[str, str]]:
    with pytest.raises(ValidationException) as caught:
        read(struct_type, **fields)
    return [(error.field, error.code) for error in caught.value.errors]


def test_fields_are_converted_to_their_types() -> None:
    filled = read(
        name="Ada",
        keep="on",
        days="030",
        quiet="LOW",
        secret="a\r\nb ",
        method="totp",
        credential='{"id": "x"}',
        other_name="x",
    )

    assert filled == Order(
        name="Ada",
        keep=True,
        days=30,
        quiet="low",
        secret="a\r\nb ",
        method="totp",
        credential={"id": "x"},
        renamed="x",
    )
    assert read(Switch, enabled="true", number="7") == Switch(enabled=True, number=7)
    assert read(Switch, enabled="false", number="0") == Switch(enabled=False, number=0)


def test_text_that_looks_like_another_type_stays_text() -> None:
    assert read(name="true", secret="7", quiet='{"a": 1}') == Order(name="true", secret="7", quiet='{"a": 1}')


def test_empty_optional_fields_count_as_absent_and_empty_required_ones_as_missing() -> None:
    empty = dict.fromkeys(("keep", "days", "quiet", "secret", "method", "credential", "other_name"), "")

    assert read(name="Ada", **empty) == read(name="Ada") == Order(name="Ada")
    assert errors_of(name="", **empty) == errors_of() == [("name", "missing")]
    assert errors_of(Switch, enabled="", number="") == [("enabled", "missing"), ("number", "missing")]


def test_unknown_fields_are_ignored() -> None:
    assert read(name="Ada", csrf="x", renamed="y", id="7") == Order(name="Ada")


def test_text_that_does_not_fit_its_type_is_a_field_error() -> None:
    for value in ("off", "1", "True", "ON", " on", "yes"):
        assert errors_of(name="Ada", keep=value) == [("keep", "type")], value
    for value in ("7.0", "-1", "+7", " 7", "7\n", "0x7", "1_0", "\u0667", "\xb2", "1e3", "9" * 19, "9" * 5000):
        assert errors_of(Switch, enabled="false", number=value) == [("number", "type")], value
    for value in (
        "null",
        "[]",
        '"text"',
        "7",
        "{",
        '{"a": 1, "a": 2}',
        '{"a": NaN}',
        '{"a": "\\ud800"}',
    ):
        assert errors_of(name="Ada", credential=value) == [("credential", "type")], value
    assert errors_of(name="Ada", method="otp") == [("method", "type")]
    assert errors_of(name="Ada", days="0") == errors_of(name="Ada", days="401") == [("days", "range")]


def test_messages_never_contain_the_value() -> None:
    with pytest.raises(ValidationException) as caught:
        read(name="hunter2", keep="hunter2", days="hunter2", credential="hunter2")

    assert [(error.field, error.message) for error in caught.value.errors] == [
        ("name", "Must have at most 5 characters."),
        ("keep", "Must be true or false."),
        ("days", "Must be an integer."),
        ("credential", "Must be an object."),
    ]


def test_size_of_an_object_is_limited() -> None:
    assert read(name="Ada", credential='{"é":"12345678901"}').credential == {"é": "12345678901"}
    for value in ('{"é":"123456789012"}', '{"a":              1}', "x" * 21):
        assert errors_of(name="Ada", credential=value) == [("credential", "too_long")], value


def test_checks_are_those_of_json() -> None:
    assert errors_of(name="A\r\nda") == errors_of(name="A\x85da") == [("name", "control_character")]
    assert errors_of(Switch, enabled="on", number="0") == [("number", "zero")]
    with pytest.raises(LoudException) as caught:
        read(name="Ada", quiet="Ada")
    assert [error.field for error in caught.value.errors] == ["quiet"]
    assert errors_of(name="A", keep="no", quiet="A") == [("name", "too_short"), ("keep", "type"), ("quiet", "same")]


def test_parsed_form_with_a_percent_encoded_credential_is_read() -> None:
    credential = {"id": "a+b/c=&"}
    body = (
        b"name=Ada&keep=on&credential=" + "".join(f"%{byte:02X}" for byte in json.dumps(credential).encode()).encode()
    )

    fields = parse_form("application/x-www-form-urlencoded", "", body)

    assert read_form(fields, Order, {}) == Order(name="Ada", keep=True, credential=credential)


def test_lists_are_the_values_of_the_checked_boxes() -> None:
    class Choice(msgspec.Struct, frozen=True):
        scopes: Annotated[list[str], msgspec.Meta(min_length=1, max_length=3)]
        name: str = ""

    body = b"scopes=orders%3Aread&name=x&scopes=orders%3Awrite"
    assert repeatable_fields(Choice) == {"scopes"}
    fields = parse_form("application/x-www-form-urlencoded", "", body, repeatable=repeatable_fields(Choice))

    assert read_form(fields, Choice, {}) == Choice(["orders:read", "orders:write"], "x")
    assert read(Choice, scopes="a") == Choice(["a"])
    assert errors_of(Choice, scopes="a b c d") == [("scopes", "too_long")]
    assert errors_of(Choice, scopes="") == errors_of(Choice) == [("scopes", "missing")]
