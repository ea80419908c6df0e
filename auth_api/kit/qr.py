"""QR codes."""

import asyncio
from typing import Final

import segno

_PIXELS_PER_MODULE: Final = 5

_QUIET_ZONE_MODULES: Final = 4
"""ISO/IEC 18004: the white border that readers need."""


async def png_data_uri(text: str) -> str:
    """Return a QR code as a `data:` URI with a PNG, which unlike SVG cannot contain a script.

    Drawing takes about 12 ms, so it happens in a thread.
    """
    return await asyncio.to_thread(_draw, text)


def _draw(text: str) -> str:
    code = segno.make_qr(text, error="m")
    return str(code.png_data_uri(scale=_PIXELS_PER_MODULE, border=_QUIET_ZONE_MODULES))
