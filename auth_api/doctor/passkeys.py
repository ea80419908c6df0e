"""Check where passkeys work, and whether those that exist still do."""

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.doctor.findings import Finding, note, ok, warn
from auth_api.kit.text import counted

_QUERY: Final = "SELECT rp_id, count(*) FROM passkeys GROUP BY rp_id ORDER BY rp_id"

_COLUMN: Final = "passkeys.rp_id"

PasskeysByDomain = Mapping[str, int]


async def fetch_passkeys_by_domain(
    connection: Any, columns: Collection[str], lacking: Collection[tuple[str, str]]
) -> PasskeysByDomain:
    """Count the passkeys of each domain on PostgreSQL, if the table exists and may be read.

    Args:
        connection: to the database.
        columns: the columns that exist, as `table.column`.
        lacking: tables, each with a privilege that the role lacks.
    """
    if _COLUMN not in columns or ("passkeys", "SELECT") in lacking:
        return {}
    return dict([tuple(row) for row in await connection.fetch(_QUERY)])


def read_passkeys_by_domain(connection: sqlite3.Connection, columns: Collection[str]) -> PasskeysByDomain:
    """Count the passkeys of each domain on SQLite, if the table exists."""
    return dict(connection.execute(_QUERY)) if _COLUMN in columns else {}


def evaluate_passkeys(found: PasskeysByDomain, policy: PasskeyPolicy) -> Iterator[Finding]:
    """Warn of passkeys that do not work: they are off, or belong to another domain."""
    for domain, count in found.items():
        if not policy.enabled:
            message = f"{counted(count, 'passkey')} of {domain} cannot be used, because passkeys are off."
            yield warn("database.passkeys", message, "Set PASSKEYS_ENABLED=true if users should log in with them.")
        elif domain != policy.rp_id:
            message = f"{counted(count, 'passkey')} of {domain} cannot be used with PASSKEY_RP_ID={policy.rp_id}."
            yield warn("database.passkeys", message, f"Set PASSKEY_RP_ID={domain}, or ask these users to add new ones.")


def check_passkeys(policy: PasskeyPolicy, *, is_production: bool) -> Finding:
    """Report where passkeys work; warn in production if they are off only because of other settings."""
    check = "passkeys"
    if policy.problem:
        message, fix = f"Passkeys are off: {policy.problem}.", "Correct it, or set PASSKEYS_ENABLED=false."
        return warn(check, message, fix) if is_production else note(check, message, fix)
    if not policy.enabled:
        return note(check, "Passkeys are off.", "Set PASSKEYS_ENABLED=true if users should log in with them.")
    return ok(check, f"Passkeys of {policy.rp_id} work on the pages of {', '.join(policy.origins)}.")
