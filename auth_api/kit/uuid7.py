"""UUIDs that sort by time. Python's standard library has them from version 3.14 on."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7(moment: datetime) -> UUID:
    """Return a version 7 UUID: the time in milliseconds, then 74 random bits (RFC 9562 §5.7)."""
    milliseconds = (moment - EPOCH) // timedelta(milliseconds=1) & (1 << 48) - 1
    value = milliseconds << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def moment_of(value: UUID) -> datetime:
    """Return the time of a version 7 UUID, in whole milliseconds."""
    return EPOCH + timedelta(milliseconds=value.int >> 80)
