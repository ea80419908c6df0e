"""SQL expressions with the same meaning on both engines; `sqlite_connection` defines their functions for SQLite."""

from datetime import datetime
from typing import Final

SECONDS_FROM_NOW: Final = "timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))"
"""The database's present time plus a number of seconds, its one parameter; a negative number gives a past time.

`timestamptz_pl_interval` is the function behind PostgreSQL's operator `+`.
"""

EPOCH_NOW: Final = "date_part('epoch', clock_timestamp())"
"""The database's present time in seconds since 1970."""


def as_datetime(value: datetime | str) -> datetime:
    """Return the value of `clock_timestamp()` as an aware datetime. SQLite, which has no type for it, returns text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
