"""Base64url without padding: one spelling per byte string."""

import pytest

from auth_api.kit import base64url

pytestmark = pytest.mark.engine_independent


@pytest.mark.parametrize(
    ("data", "text"), [(b"", ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (b"\xff\xef\xfe", "_-_-")]
)
def test_bytes_are_encoded_and_decoded(data: bytes, text: str) -> None:
    """RFC 4648 §10, and the two characters in which base64url differs."""
    assert base64url.encode(data) == text
    assert base64url.decode(text) == data


@pytest.mark.parametrize(
    "text", ["Zg==", "Zg=", "Zh", "Z", "Zm8=", "/+/+", "Zm 8", "Zm9v\n", "\nZm9v", "Zm9v.", "Zm9ä", "Zm9\ud800", "="]
)
def test_other_spelling_is_rejected(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the messages are those of the standard library
        base64url.decode(text)
