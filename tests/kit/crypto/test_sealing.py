"""Sealed values: encrypted, authenticated, and bound to a table and a row."""

import re

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from auth_api.kit.crypto.sealing import (
    SealedValueError,
    Sealing,
    derived_data_key,
    key_id,
    new_data_key,
    parse_data_key,
)

pytestmark = pytest.mark.engine_independent

NEW, OLD = bytes(range(32)), bytes(range(32, 64))
SEALING = Sealing([NEW, OLD])
VALUE = b"the seed of a second factor"
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def base64url_decode(text: str) -> bytes:
    number = 0
    for character in text:
        number = number << 6 | BASE64URL.index(character)
    bits = 6 * len(text)
    return (number >> bits % 8).to_bytes(bits // 8)


@pytest.mark.parametrize("value", [b"", b"x", VALUE, bytes(1000)], ids=["empty", "short", "usual", "long"])
def test_sealed_value_is_opened(value: bytes) -> None:
    assert SEALING.unseal(SEALING.seal(value, table="totp", row=7), table="totp", row=7) == value


def test_sealed_value_is_version_key_id_and_aes_256_gcm_of_the_value() -> None:
    """Another program that has the key can read it, and later versions have to."""
    sealed = SEALING.seal(VALUE, table="totp", row=7)

    version, named_key, text = sealed.split(".")
    data = base64url_decode(text)
    assert (version, named_key) == ("1", key_id(NEW))
    assert re.fullmatch(r"[0-9a-f]{16}", named_key)
    assert AESGCM(NEW).decrypt(data[:12], data[12:], b"totp:7") == VALUE


def test_equal_values_are_sealed_differently() -> None:
    assert len({SEALING.seal(VALUE, table="totp", row=7) for _ in range(100)}) == 100


def test_older_key_opens_and_does_not_seal() -> None:
    sealed = Sealing([OLD]).seal(VALUE, table="totp", row=7)

    assert SEALING.unseal(sealed, table="totp", row=7) == VALUE
    assert not sealed.startswith(SEALING.newest_prefix)
    assert SEALING.seal(VALUE, table="totp", row=7).startswith(SEALING.newest_prefix)


@pytest.mark.parametrize(("table", "row"), [("totp", 8), ("totp", "7 "), ("other", 7), ("", 7), ("totp:7", "")])
def test_value_of_another_row_cannot_be_opened(table: str, row: object) -> None:
    sealed = SEALING.seal(VALUE, table="totp", row=7)

    with pytest.raises(SealedValueError):
        SEALING.unseal(sealed, table=table, row=row)


def test_value_of_an_unknown_key_cannot_be_opened() -> None:
    sealed = Sealing([OLD]).seal(VALUE, table="totp", row=7)

    with pytest.raises(SealedValueError):
        Sealing([NEW]).unseal(sealed, table="totp", row=7)


@pytest.mark.parametrize("value", [b"", b"x", b"xy", VALUE])
def test_value_with_any_changed_character_cannot_be_opened(value: bytes) -> None:
    """The last character of base64 may have bits that are not part of the value."""
    sealed = SEALING.seal(value, table="totp", row=7)

    for index, character in enumerate(sealed):
        for other in {"A", "B", "_", ".", "=", "\n", "ä", ""} - {character}:
            with pytest.raises(SealedValueError):
                SEALING.unseal(sealed[:index] + other + sealed[index + 1 :], table="totp", row=7)


@pytest.mark.parametrize("end", ["A", "=", "==", ".", "\n", " "])
def test_value_with_an_addition_cannot_be_opened(end: str) -> None:
    with pytest.raises(SealedValueError):
        SEALING.unseal(SEALING.seal(VALUE, table="totp", row=7) + end, table="totp", row=7)


@pytest.mark.parametrize("text", ["", "1", "1..", f"1.{key_id(NEW)}.", f"1.{key_id(NEW)}.AAAA", "....", "x" * 100])
def test_other_text_cannot_be_opened(text: str) -> None:
    with pytest.raises(SealedValueError):
        SEALING.unseal(text, table="totp", row=7)


def test_error_contains_neither_value_nor_key() -> None:
    sealed = SEALING.seal(VALUE, table="totp", row=7)

    with pytest.raises(SealedValueError) as raised:
        SEALING.unseal(sealed, table="totp", row=8)

    assert (str(raised.value), raised.value.__cause__, raised.value.__suppress_context__) == ("", None, True)
    assert not any(str(key) in repr(SEALING) for key in (NEW, OLD))


def test_generated_key_has_256_random_bits() -> None:
    keys = {new_data_key() for _ in range(100)}

    assert len(keys) == 100
    assert all(re.fullmatch(r"dk_[A-Za-z0-9_-]{43}", key) for key in keys)
    assert {len(parse_data_key(key)) for key in keys} == {32}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dk_",
        "rt_" + "A" * 43,
        "A" * 43,
        "dk_" + "A" * 42,
        "dk_" + "A" * 44,
        "dk_" + "A" * 42 + "B",  # a second spelling of the same bytes
        "dk_" + "A" * 43 + "=",
        "dk_" + "A" * 42 + "+",
        "DK_" + "A" * 43,
        "dk_" + "ä" * 43,
        "dk_hunter2",
    ],
)
def test_other_text_is_not_a_key(text: str) -> None:
    with pytest.raises(ValueError, match="must be a key that auth-api secrets data-key has printed") as raised:
        parse_data_key(text)

    assert not text or text not in str(raised.value)


def test_derived_key_depends_on_the_secret_and_has_its_own_use() -> None:
    """A change would make the values of all development databases unreadable."""
    derived = derived_data_key(b"a-derivation-secret-of-the-tests-0123456789")

    assert derived.hex() == "dc346752a26c88fc3bd4a2623cb68fdf8199777d2620eab4b2403691e75c3f46"
    assert derived_data_key(b"another-secret") != derived
