"""Check whether values can be encrypted, and whether the keys of all encrypted values are set."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from auth_api.doctor.findings import Finding, fail, note, ok
from auth_api.features import FEATURES
from auth_api.kit.crypto.sealing import KEY_ID_CHARACTERS, Sealing
from auth_api.kit.text import counted

_PREFIX_CHARACTERS: Final = len("1.") + KEY_ID_CHARACTERS + len(".")
"""The beginning of a value, which contains the id of its key."""

_QUERIES: Final = {
    column.label: f"SELECT substr({name}, 1, {_PREFIX_CHARACTERS}), count(*) FROM {table} WHERE {name} IS NOT NULL "  # noqa: S608 - names of this product
    "GROUP BY 1"
    for manifest in FEATURES
    for column in manifest.sealed_columns
    for table, name in [column.label.split(".")]
}
"""By column: the number of values of each key."""

ValuesByKey = Mapping[str, Mapping[str, int]]


async def fetch_values_by_key(
    connection: Any, columns: Collection[str], lacking: Collection[tuple[str, str]]
) -> ValuesByKey:
    """Count the values of each key in the columns of PostgreSQL that exist and may be read.

    Args:
        connection: to the database.
        columns: the columns that exist, as `table.column`.
        lacking: tables, each with a privilege that the role lacks.
    """
    return {
        label: dict([tuple(row) for row in await connection.fetch(query)])
        for label, query in _QUERIES.items()
        if label in columns and (label.split(".")[0], "SELECT") not in lacking
    }


def read_values_by_key(connection: sqlite3.Connection, columns: Collection[str]) -> ValuesByKey:
    """Count the values of each key in the columns that exist on SQLite."""
    return {label: dict(connection.execute(query)) for label, query in _QUERIES.items() if label in columns}


def evaluate_data_keys(found: ValuesByKey, data_keys: tuple[bytes, ...]) -> Iterator[Finding]:
    """Fail for each column with values whose key is not set: they cannot be used.

    Args:
        found: the number of values by the beginning of the value, by column.
        data_keys: the keys that are set.
    """
    sealing = Sealing(data_keys) if data_keys else None
    for label, by_prefix in found.items():
        lost = sum(count for prefix, count in by_prefix.items() if sealing is None or not sealing.has_key_of(prefix))
        if lost:
            message = f"DATA_ENCRYPTION_KEYS lacks the key of {counted(lost, 'value')} in {label}."
            fix = "Add the key again. If it is lost, these users need recovery codes, or auth-api users reset-factors."
            yield fail("database.data_keys", message, fix)


def check_authenticator_apps(data_keys: tuple[bytes, ...]) -> Finding:
    """Report whether users can add authenticator apps, which needs a key that encrypts their secrets."""
    check = "authenticator_apps"
    if data_keys:
        return ok(check, "Users can add authenticator apps.")
    fix = "Run auth-api secrets data-key, and set DATA_ENCRYPTION_KEYS to what it prints."
    return note(check, "Users cannot add authenticator apps, because DATA_ENCRYPTION_KEYS is not set.", fix)
