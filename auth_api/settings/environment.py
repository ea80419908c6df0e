"""Gathers the settings' raw text: real variables, `.env`, secret files, and in development a secret of its own."""

import fcntl
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values, set_key, unset_key

from auth_api.kit.db.policy import DEFAULT_DATABASE_URL
from auth_api.settings.catalogue import SECRET_VARIABLES


class UnreadableFileError(Exception):
    """A file that the environment names, or that must be kept, cannot be read or written; the text says which."""


def read_environment(environ: Mapping[str, str], folder: Path, *, keep_secret: bool = False) -> dict[str, str]:
    """Return all variables as `given_environment` does, and in development a secret of its own.

    Outside of production a missing secret is made up: kept in a file with `keep_secret`, as the server wants it, or for
    this process alone, as commands do.

    Raises:
        UnreadableFileError: `.env` or a secret's file cannot be read.
    """
    values = given_environment(environ, folder)
    if lacks_secret(values):
        values["JWT_SECRET_KEY"] = _kept_secret(secret_file(values, folder)) if keep_secret else _new_secret()
    return values


def given_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return what somebody set: `.env` in the folder, over it the real variables, over them `NAME_FILE`.

    Raises:
        UnreadableFileError: `.env` or a secret's file cannot be read.
    """
    dotenv = folder / ".env"
    try:
        stored = dotenv_values(dotenv) if dotenv.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        message = f"{dotenv} cannot be read: {_reason(error)}."
        raise UnreadableFileError(message) from error
    values = {name: value for name, value in stored.items() if value is not None} | dict(environ)
    for name in SECRET_VARIABLES:
        if path := values.get(f"{name}_FILE"):
            values[name] = _read_secret(f"{name}_FILE", folder / path)
    return values


def write_variables(changes: Mapping[str, str], environ: Mapping[str, str], folder: Path) -> None:
    """Change variables where they come from, in the order given: their `NAME_FILE`, or `.env` in the folder.

    An empty text takes a variable away: out of `.env`, and what its file holds.

    Raises:
        UnreadableFileError: one of them comes from neither, or its file cannot be written. Nothing is changed then, but
            for what a failing disk leaves.
    """
    stored, dotenv = given_environment(environ, folder), folder / ".env"
    files = {name: folder / path for name in changes if (path := stored.get(f"{name}_FILE"))}
    for name in changes:
        if name not in files and (environ.get(name) or not dotenv.is_file()):
            message = f"{name} can be written neither to .env nor to a file that {name}_FILE names. Set it yourself."
            raise UnreadableFileError(message)
    for path in (*files.values(), *((dotenv,) if changes.keys() - files.keys() else ())):
        if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            message = f"{path} or its folder cannot be written to."
            raise UnreadableFileError(message)
    for name, value in changes.items():
        if name in files:
            _replace(files[name], value)
        elif value:
            set_key(dotenv, name, value, follow_symlinks=True)
        elif stored.get(name):
            unset_key(dotenv, name, follow_symlinks=True)


def _replace(path: Path, text: str) -> None:
    """Put a whole new file in the place of the old one, readable by whom the old one was."""
    new = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
    new.replace(path)


def lacks_secret(values: Mapping[str, str]) -> bool:
    """Tell whether nobody set a key where that is allowed."""
    is_production = values.get("ENVIRONMENT", "").lower() == "production"
    return not is_production and not any(values.get(name) for name in ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY"))


def _new_secret() -> str:
    return secrets.token_urlsafe(48)


def secret_file(values: Mapping[str, str], folder: Path) -> Path:
    """Return where the secret of development is kept: beside the embedded database, or in the folder itself."""
    scheme, _, path = (values.get("DATABASE_URL") or DEFAULT_DATABASE_URL).partition(":///")
    return folder / (f"{path}.secret" if scheme.startswith("sqlite") and path else "auth_api.secret")


def _kept_secret(path: Path) -> str:
    """Return the file's secret, made at the first start, so that a restart logs nobody out."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # of several that start at once, one makes it
            secret = file.read().strip()
            if not secret:
                secret = _new_secret()
                file.write(secret)
            return secret
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f"The development secret cannot be kept in {path}: {_reason(error)}. "
            "Make the folder writable, or set JWT_SECRET_KEY."
        )
        raise UnreadableFileError(message) from error


def _read_secret(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        message = f"{variable} names {path}, which cannot be read: {_reason(error)}."
        raise UnreadableFileError(message) from error


def _reason(error: Exception) -> str:
    return (error.strerror or "unknown reason").lower() if isinstance(error, OSError) else "it is not text"
