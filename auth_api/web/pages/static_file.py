"""An answer that is the same for everybody until the next version."""

import hashlib

import msgspec


class StaticFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that pages are made of, or a page of its own.

    Attributes:
        content: its bytes.
        media_type: what they are.
        tag: its entity tag (RFC 9110 §8.8.3).
    """

    content: bytes
    media_type: str
    tag: str


def static_file(content: bytes, media_type: str) -> StaticFile:
    """Return bytes with their tag."""
    return StaticFile(content=content, media_type=media_type, tag=f'"{hashlib.sha256(content).hexdigest()[:32]}"')
