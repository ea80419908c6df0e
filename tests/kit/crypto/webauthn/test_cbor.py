"""CBOR of authenticators: integers, bytes, text, lists, maps and simple values, and nothing else."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_api.kit.crypto.webauthn import cbor
from tests.support.cbor import encode, shared_reference_bomb
from tests.support.generated_input import FUNCTION_EXAMPLES, cases

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize(
    ("encoded", "value"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1a000f4240", 1000000),
        ("1bffffffffffffffff", 2**64 - 1),
        ("20", -1),
        ("3903e7", -1000),
        ("40", b""),
        ("4401020304", bytes([1, 2, 3, 4])),
        ("60", ""),
        ("62c3bc", "ü"),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("80", []),
        ("8301820203820405", [1, [2, 3], [4, 5]]),
        ("a0", {}),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("a201020304", {1: 2, 3: 4}),
        ("a12001", {-1: 1}),
    ],
)
def test_value_is_decoded(encoded: str, value: Any) -> None:
    """RFC 8949, appendix A."""
    decoded = cbor.decode(bytes.fromhex(encoded))

    assert (decoded, type(decoded)) == (value, type(value))


@pytest.mark.parametrize(
    "encoded",
    [
        "",
        "18",
        "1900",
        "41",
        "4401",
        "62c3",
        "61ff",
        "81",
        "8201",
        "a1",
        "a101",
        "0000",
        "a000",
        "5bffffffffffffffff",
        "9bffffffffffffffff00",
        "bbffffffffffffffff0000",
        "1c",
        "1d",
        "1e",
        "1f",
        "5f4101ff",
        "7f6161ff",
        "9f01ff",
        "bf0101ff",
        "ff",
        "c000",
        "c11a514b67b0",
        "c24101",
        "d81c80",
        "d81d00",
        "d8184100",
        "d9d9f700",
        "f7",
        "e0",
        "f0",
        "f814",
        "f8ff",
        "f90000",
        "fa47c35000",
        "fb3ff199999999999a",
        "a201020103",
        "a2616101616102",
        "a1f401",
        "a1f601",
        "a1410001",
        "a18001",
        "a1a001",
        "8181818180",
        "a101a101a101a101a0",
        "1c" + "00" * 16,
        "1f" + "00" * 128,
    ],
)
def test_other_bytes_are_rejected(encoded: str) -> None:
    """Truncated, followed by others, of indefinite length, tagged, fractional, too deep, or with equal keys."""
    with pytest.raises(ValueError):  # noqa: PT011 - some messages are those of the standard library
        cbor.decode(bytes.fromhex(encoded))


@pytest.mark.parametrize("data", [b"\x81" * 100_000, b"\xa1\x00" * 100_000, b"\xc0" * 100_000])
def test_deep_nesting_is_rejected(data: bytes) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        cbor.decode(data)


def test_four_levels_are_accepted() -> None:
    assert cbor.decode(encode([[{1: [7]}]])) == [[{1: [7]}]]


def test_shared_references_are_rejected() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        cbor.decode(shared_reference_bomb(40))


_SCALARS = st.integers(-(2**64), 2**64 - 1) | st.binary() | st.text() | st.booleans() | st.none()
_MAPS = st.dictionaries(st.integers(-300, 300) | st.text(), _SCALARS | st.lists(_SCALARS))


@cases(FUNCTION_EXAMPLES)
@given(value=_SCALARS | st.lists(_SCALARS | _MAPS) | _MAPS)
def test_encoded_value_is_decoded(value: Any) -> None:
    assert cbor.decode(encode(value)) == value


@cases(FUNCTION_EXAMPLES)
@given(data=st.binary(max_size=200))
def test_any_bytes_are_decoded_or_rejected(data: bytes) -> None:
    with suppress(ValueError):
        cbor.decode(data)
