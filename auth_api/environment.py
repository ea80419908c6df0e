"""Gathers the settings' raw text: real variables, `.env`, secret files, and in development a secret of its own."""

import contextlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values

SECRET_VARIABLES: Final = (
    "DATABASE_URL",
    "JWT_SECRET_KEY",
    "JWT_PRIVATE_KEY",
    "JWT_PREVIOUS_KEYS",
    "TOKEN_DERIVATION_KEY",
)
"""May also be given as `NAME_FILE`, the path of a file that holds the value (container secrets)."""

DEFAULT_DATABASE_URL: Final = "sqlite:///./auth.db"


class UnreadableFileError(Exception):
    """A file that the environment names, or that must be kept, cannot be read or written; the text says which."""


def read_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return all variables: those of `.env` in the folder, over them the real ones, over them `NAME_FILE`.

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
    return with_development_secret(values, folder)


def with_development_secret(values: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Add a `JWT_SECRET_KEY` outside of production, if none is set; kept in a file, so that a restart logs nobody out.

    Raises:
        UnreadableFileError: the file can be neither read nor written.
    """
    keys = ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY")
    if values.get("ENVIRONMENT", "development") == "production" or any(values.get(key) for key in keys):
        return dict(values)
    return {**values, "JWT_SECRET_KEY": _kept_secret(_secret_file(values, folder))}


def _secret_file(values: Mapping[str, str], folder: Path) -> Path:
    """Beside the embedded database, or in the folder itself."""
    scheme, _, path = (values.get("DATABASE_URL") or DEFAULT_DATABASE_URL).partition(":///")
    return folder / (f"{path}.secret" if scheme.startswith("sqlite") and path else "auth_api.secret")


def _kept_secret(path: Path) -> str:
    try:
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(secrets.token_urlsafe(48))
        return path.read_text(encoding="ascii").strip()
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
