"""UUIDs that sort by time. Python's own come with 3.14."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(moment: datetime) -> UUID:
    """Return a version 7 UUID: milliseconds in front, 74 random bits behind (RFC 9562 §5.7)."""
    milliseconds = (moment - EPOCH) // timedelta(milliseconds=1) & (1 << 48) - 1
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)
