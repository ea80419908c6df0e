"""Form of recovery codes."""

import re

import pytest

from auth_api.credentials.recovery_codes.codes import new_recovery_code, parse_recovery_code

pytestmark = pytest.mark.engine_independent

CODE = "k7qd-0123-4567-89ab-1cde-fghj"
CHARACTERS = "k7qd0123456789ab1cdefghj"


def test_new_codes_have_six_groups_and_differ() -> None:
    codes = {new_recovery_code() for _ in range(1000)}

    assert len(codes) == 1000
    assert all(re.fullmatch(r"([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}", code) for code in codes)


def test_every_character_of_the_alphabet_occurs() -> None:
    """120 bits: 24 characters out of 32."""
    assert len(set("".join(new_recovery_code() for _ in range(1000))) - {"-"}) == 32


@pytest.mark.parametrize(
    "typed",
    [
        CODE,
        CODE.upper(),
        CHARACTERS,
        CODE.replace("-", " "),
        f"  {CODE} ",
        CODE.replace("0", "O"),
        CODE.replace("1", "l"),
        CODE.replace("1", "I"),
    ],
)
def test_code_is_read_as_people_type_it(typed: str) -> None:
    assert parse_recovery_code(typed) == CHARACTERS


@pytest.mark.parametrize(
    "typed", ["", "k7qd", CODE[:-1], CODE + "x", CODE.replace("k", "u"), CODE.replace("k", "é"), CODE.replace("-", "_")]
)
def test_text_that_is_not_a_code_is_rejected(typed: str) -> None:
    assert parse_recovery_code(typed) is None


def test_new_code_is_read() -> None:
    code = new_recovery_code()

    assert parse_recovery_code(code) == code.replace("-", "")
