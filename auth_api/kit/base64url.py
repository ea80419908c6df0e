"""Base64url without padding (RFC 4648 §5), in which every byte string has exactly one accepted spelling."""

import base64


def encode(data: bytes) -> str:
    """Return the text of some bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of a text that `encode` can return.

    Raises:
        ValueError: any other text, such as one with padding, or a second spelling of the same bytes.
    """
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if encode(data) != text:
        message = "not base64url without padding"
        raise ValueError(message)
    return data
