"""Check whether a SQLite database can be used."""

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.doctor.administrators import evaluate_administrators, read_built_in_roles
from auth_api.doctor.findings import Finding, fail, note, ok
from auth_api.doctor.oauth_clients import evaluate_applications, read_applications
from auth_api.doctor.passkeys import evaluate_passkeys, read_passkeys_by_domain
from auth_api.doctor.sealed_values import evaluate_data_keys, read_values_by_key
from auth_api.doctor.tables import evaluate_columns, evaluate_migrations, read_columns
from auth_api.kit.db.failures import explain
from auth_api.piccolo_app import APP_NAME

MIN_SQLITE: Final = (3, 35, 0)
"""The first version with RETURNING."""


def check_sqlite(
    path: Path, *, data_keys: tuple[bytes, ...], passkeys: PasskeyPolicy, is_production: bool
) -> list[Finding]:
    """Check the file without opening it for writing."""
    check = "database.reachable"
    if (found := _missing_file(check, path, is_production=is_production)) is not None:
        return [found]
    try:
        with contextlib.closing(_open_readonly(path)) as connection:
            tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'migration'").fetchone()[0]
            query = "SELECT name FROM migration WHERE app_name = ?"
            applied = [name for (name,) in connection.execute(query, (APP_NAME,))] if tables else []
            columns = read_columns(connection)
            values_by_key = read_values_by_key(connection, columns)
            passkeys_by_domain = read_passkeys_by_domain(connection, columns)
            built_in_roles = read_built_in_roles(connection, columns)
            applications = read_applications(connection, columns)
    except sqlite3.Error as error:
        reason, fix = explain(error)
        return [fail(check, f"SQLite: {path} cannot be read: {reason}.", fix)]
    folder = path.absolute().parent
    if not (os.access(path, os.W_OK) and os.access(folder, os.W_OK | os.X_OK)):
        fix = "Make the server's user the owner of the file and of its folder: SQLite writes to both."
        return [fail(check, f"SQLite: {path} or its folder is not writable.", fix)]
    written_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return [
        ok(check, f"SQLite: {path}, last written {written_at:%Y-%m-%d %H:%M} UTC."),
        evaluate_sqlite_version(sqlite3.sqlite_version_info),
        evaluate_migrations(applied),
        *evaluate_columns(columns, applied=applied),
        *evaluate_data_keys(values_by_key, data_keys),
        *evaluate_passkeys(passkeys_by_domain, passkeys),
        *evaluate_administrators(built_in_roles),
        *evaluate_applications(applications, is_production=is_production),
    ]


def _missing_file(check: str, path: Path, *, is_production: bool) -> Finding | None:
    """Return a finding if the file is missing. SQLite would report of a folder that its disk failed."""
    try:
        exists = path.exists()
    except OSError as error:
        fix = "Make the folder accessible for the server's user."
        return fail(check, f"SQLite: {path} cannot be read ({os.strerror(error.errno or 0)}).", fix)
    if exists:
        is_file = path.is_file()
        return None if is_file else fail(check, f"SQLite: {path} is not a file.", "Correct the path in DATABASE_URL.")
    if is_production:
        return fail(check, f"SQLite: {path} does not exist.", "Restore it, or create a new one: auth-api migrate")
    if not path.absolute().parent.is_dir():
        fix = "Create the folder, or correct the path in DATABASE_URL."
        return fail(check, f"SQLite: the folder of {path} does not exist.", fix)
    return note(check, f"SQLite: {path} does not exist yet; the first start creates it.")


def _open_readonly(path: Path) -> sqlite3.Connection:
    """Open the file for reading; as immutable if no process has it open, so that SQLite creates no files beside it."""
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)


def evaluate_sqlite_version(version: tuple[int, ...]) -> Finding:
    """Fail for a version that lacks needed features."""
    text = ".".join(map(str, version))
    if version < MIN_SQLITE:
        return fail("database.version", f"SQLite {text} is too old.", "Use a Python with SQLite 3.35 or newer.")
    return ok("database.version", f"SQLite {text}.")
