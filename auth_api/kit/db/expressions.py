"""SQL expressions with the same meaning on both engines; `sqlite_connection` defines their functions for SQLite."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec

SECONDS_FROM_NOW: Final = "timestamptz_pl_interval(clock_timestamp(), make_interval(0, 0, 0, 0, 0, 0, {}))"
"""The database's present time plus a number of seconds, its one parameter; a negative number gives a past time.

`timestamptz_pl_interval` is the function behind PostgreSQL's operator `+`.
"""

EPOCH_NOW: Final = "date_part('epoch', clock_timestamp())"
"""The database's present time in seconds since 1970."""

IN_IDS: Final = "IN (SELECT CAST(key AS bigint) FROM json_each({}))"
"""Whether a number is one of several. Its one parameter is their `id_set`, so that a statement has only one text."""


def id_set(ids: Iterable[int]) -> str:
    """Return the parameter of `IN_IDS`: a JSON object whose names are the ids."""
    return msgspec.json.encode(dict.fromkeys(map(str, ids))).decode()


def as_datetime(value: datetime | str) -> datetime:
    """Return the value of `clock_timestamp()` as an aware datetime. SQLite, which has no type for it, returns text."""
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
