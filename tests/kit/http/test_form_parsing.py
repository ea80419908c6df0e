"""parse_form: every parser reads the same fields in a form, or it is refused."""

import re
from urllib.parse import parse_qsl, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_api.kit.errors import (
    ApplicationException,
    FieldError,
    MalformedRequestException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from auth_api.kit.http.forms import MAX_FORM_FIELDS, parse_form
from tests.support.generated_input import FUNCTION_EXAMPLES, cases

pytestmark = pytest.mark.engine_independent

FORM = "application/x-www-form-urlencoded"

text_without_nul = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def parse(body: bytes, *repeatable: str) -> dict[str, str]:
    return parse_form(FORM, "", body, repeatable=frozenset(repeatable))


def test_fields_are_decoded_as_browsers_encode_them() -> None:
    body = b"name=Ada+Lovelace&city=Z%c3%BCrich&sum=1%2B1%3d2&empty=&bare&lines=a%0D%0Ab&=nameless&&raw=\xc3\xa9&eq=a=b"

    assert parse(body) == {
        "name": "Ada Lovelace",
        "city": "Zürich",
        "sum": "1+1=2",
        "empty": "",
        "bare": "",
        "lines": "a\r\nb",
        "": "nameless",
        "raw": "é",
        "eq": "a=b",
    }
    assert parse(b"") == {}
    assert parse(b"a=1;b=2") == {"a": "1;b=2"}


@cases(FUNCTION_EXAMPLES)
@given(fields=st.dictionaries(text_without_nul, text_without_nul, max_size=MAX_FORM_FIELDS))
def test_any_text_is_read_as_it_was_written(fields: dict[str, str]) -> None:
    assert parse(urlencode(fields).encode()) == fields


@cases(FUNCTION_EXAMPLES)
@given(body=st.binary(max_size=60) | st.text("a%&=+0cC3;\0\xe9", max_size=40).map(str.encode))
def test_any_bytes_are_read_as_other_parsers_read_them_or_refused(body: bytes) -> None:
    try:
        fields = parse(body)
    except ApplicationException:
        return
    escaped = re.sub(rb"[\x80-\xff]", lambda match: b"%%%02X" % match[0][0], body).decode()

    assert list(fields.items()) == parse_qsl(escaped, keep_blank_values=True, errors="strict")


def test_content_type_must_be_that_of_a_form_in_utf8() -> None:
    for accepted in (FORM, f"{FORM}; charset=UTF-8", f'{FORM};charset="utf-8" ', f" {FORM.upper()} ; charset=utf8"):
        assert parse_form(accepted, " Identity ", b"a=1") == {"a": "1"}, accepted
    for refused in (
        *("", "text/plain", "multipart/form-data; boundary=x", "application/json", f"{FORM}-x", f"x{FORM}"),
        *(
            f"{FORM}; charset=latin1",
            f"{FORM}; charset=utf-16",
            f"{FORM}; charset=",
            f"{FORM}; charset=utf-8; charset=x",
        ),
        *(f"{FORM}; x=y", f"{FORM}, {FORM}", f"{FORM};", f'{FORM}; charset="utf-8', f"{FORM}\0"),
    ):
        with pytest.raises(UnsupportedMediaTypeException):
            parse_form(refused, "", b"a=1")
    for encoding in ("gzip", "br", "identity, gzip", "x"):
        with pytest.raises(UnsupportedMediaTypeException):
            parse_form(FORM, encoding, b"a=1")


def test_undecodable_bytes_are_malformed_in_names_and_values() -> None:
    damaged = ["%", "%z", "%zz", "%4", "%4g", "100%", "%%41", "%u0041", "%C3", "%c3%28", "%ff", "%ED%A0%80", "%C0%AF"]
    for part in (*damaged, "%00", "a%00b"):
        for body in (f"a={part}", f"{part}=a", f"a=1&b={part}", f"{part}"):
            with pytest.raises(MalformedRequestException):
                parse(body.encode())
    for raw in (b"a=\xff", b"a=\0", b"a=\xc3", b"\xe9=1"):
        with pytest.raises(MalformedRequestException):
            parse(raw)


def test_number_of_fields_is_limited() -> None:
    most = "&".join(f"f{number}=1" for number in range(MAX_FORM_FIELDS))

    assert len(parse(most.encode())) == MAX_FORM_FIELDS
    for body in (f"{most}&one=more", f"{most}&f0=1", f"{most}&=", "&".join(["a"] * 30_000)):
        with pytest.raises(MalformedRequestException):
            parse(body.encode(), "a")


def test_repeated_fields_are_reported_all_at_once() -> None:
    secret = "rt_" + "A" * 43
    with pytest.raises(ValidationException) as caught:
        parse(f"b=1&a=2&b=3&c=4&%62=5&a=&{secret}=1&{secret}=2&scopes=x&scopes=y".encode(), "scopes")

    message = "Must be sent only once."
    assert caught.value.errors == tuple(FieldError(name, "repeated", message) for name in ("b", "a", "?"))


def test_values_of_a_repeatable_field_are_joined() -> None:
    assert parse(b"scopes=a&x=1&scopes=b&scopes=&scopes=c+d", "scopes") == {"scopes": "a b c d", "x": "1"}
    assert parse(b"scopes=&scopes=", "scopes") == {"scopes": ""}


def test_names_are_compared_after_decoding() -> None:
    with pytest.raises(ValidationException):
        parse(f"password=1&{quote_plus('password').replace('p', '%70')}=2".encode())
