"""Reads what an engine returns for an expression, whose type only PostgreSQL declares."""

from datetime import datetime


def moment(value: datetime | str) -> datetime:
    """Return the value of `clock_timestamp()` as an aware datetime."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
