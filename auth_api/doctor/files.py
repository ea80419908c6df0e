"""Check which users of this machine can read or change files with secrets."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from auth_api.doctor.findings import Finding, fail, ok, warn
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.settings.catalogue import secret_variables
from auth_api.settings.environment import is_visible_file, oauth_key_file, secret_file


def check_files(environ: Mapping[str, str], folder: Path, database: DatabasePolicy) -> list[Finding]:
    """Check the permissions of `.env`, of secret files and of the SQLite database."""
    return [evaluate_file(name, path, path.stat().st_mode) for name, path in _files(environ, folder, database)]


def evaluate_file(name: str, path: Path, mode: int) -> Finding:
    """Fail if other users can change a file, warn if they can read it."""
    check, permissions = f"files.{name}", f"{path} is {stat.filemode(mode)}"
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        return fail(check, f"{permissions}: other users can change it.", f"chmod 600 {path}")
    if mode & stat.S_IROTH:
        return warn(check, f"{permissions}: all users of this machine can read it.", f"chmod 600 {path}")
    return ok(check, f"{permissions}.")


def _files(environ: Mapping[str, str], folder: Path, database: DatabasePolicy) -> Iterator[tuple[str, Path]]:
    candidates = {
        "env": folder / ".env",
        **{name: folder / environ[f"{name}_FILE"] for name in secret_variables(environ) if environ.get(f"{name}_FILE")},
        "development_secret": secret_file(environ, folder),
        "development_oauth_keys": oauth_key_file(environ, folder),
    }
    if database.sqlite_path is not None:
        candidates["database"] = folder / database.sqlite_path
    for name, path in candidates.items():
        if is_visible_file(path):
            yield name, path
