"""Read the body of an answer, which the other server may have made endless."""

import zlib
from collections.abc import AsyncIterable
from typing import Any, Final

import msgspec

from auth_api.kit.outbound.errors import OutboundUnavailableError

MAX_BODY_BYTES: Final = 256 * 1024
"""The largest documents of identity providers, their keys, have some 10 KiB."""

_GZIP: Final = 31
"""`wbits` of zlib for the format of gzip."""


async def read_document(chunks: AsyncIterable[bytes], encoding: str) -> Any:
    """Read a JSON document.

    Args:
        chunks: the body.
        encoding: the value of Content-Encoding. Some servers send gzip even though the request does not accept it.

    Raises:
        OutboundUnavailableError: the body is too large, before or after decompression, or it is not JSON.
    """
    if encoding not in {"", "identity", "gzip"}:
        message = "unknown Content-Encoding"
        raise OutboundUnavailableError(message)
    inflater = zlib.decompressobj(_GZIP) if encoding == "gzip" else None
    body, received = bytearray(), 0
    try:
        async for chunk in chunks:
            received += len(chunk)
            body += inflater.decompress(chunk, MAX_BODY_BYTES + 1 - len(body)) if inflater else chunk
            if max(received, len(body)) > MAX_BODY_BYTES:
                message = "the body is too large"
                raise OutboundUnavailableError(message)
        return msgspec.json.decode(body)
    except (ValueError, RecursionError, zlib.error) as error:  # RecursionError: deeply nested
        message = "the body is not JSON"
        raise OutboundUnavailableError(message) from error
