"""Collect environment variables, `.env` and secret files, and generate a secret in development."""

import fcntl
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from auth_api.kit.db.policy import DEFAULT_DATABASE_URL
from auth_api.oauth.keys.oauth_keys import new_oauth_keys
from auth_api.settings.catalogue import known_variables, secret_variables
from auth_api.settings.env_file import EnvFile, parse_env_file, similar_name, with_variable
from auth_api.settings.files import UnreadableFileError, reason_of, replace_file, require_replaceable
from auth_api.settings.reader import without_outer_blanks

_MAY_BE_EMPTY: Final = frozenset({"JWT_PRIVATE_KEY", "JWT_NEXT_KEY", "JWT_PREVIOUS_KEYS"})
"""A rotation fills and empties their files."""

_NEARLY: Final = 0.9

_SHOWN_PATH: Final = re.compile(r"(?:\.{0,2}/|~)[\w./ -]{0,255}|[\w./-]{0,31}|[\w./-]{1,251}\.[a-z]{2,4}")
"""Other texts are not shown: they may be the secret itself, which was set as `NAME_FILE`."""


def read_environment(environ: Mapping[str, str], folder: Path, *, keep_secret: bool = False) -> dict[str, str]:
    """Return the variables of `given_environment`, and outside production generated secrets for those that are not set.

    Args:
        environ: environment variables of the process.
        folder: the working directory.
        keep_secret: whether new secrets are stored in files, as servers need them. Otherwise a new one is only for
            this process, which has no OAuth provider. The secrets that a server has stored are used in both cases.

    Raises:
        UnreadableFileError: `.env` or a secret file cannot be read.
    """
    values = given_environment(environ, folder)
    if lacks_secret(values):
        path = secret_file(values, folder)
        values["JWT_SECRET_KEY"] = _kept(path, _new_secret) if keep_secret else _stored_secret(path) or _new_secret()
    if lacks_oauth_keys(values):
        path = oauth_key_file(values, folder)
        if keys := _kept(path, new_oauth_keys) if keep_secret else _stored_secret(path):
            values["OAUTH_SIGNING_KEYS"] = keys
    return values


def given_environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the variables that are set; `NAME_FILE` overrides the environment, which overrides `.env`.

    Raises:
        UnreadableFileError: lines of `.env`, or secret files, cannot be read; all of them are listed.
    """
    env_file = read_env_file(folder)
    problems = [*env_file.problems]
    values = {name: without_outer_blanks(value) for name, value in {**env_file.values, **environ}.items()}
    for name in secret_variables(values):
        if path := values.get(f"{name}_FILE"):
            try:
                values[name] = _read_secret(name, path, folder)
            except UnreadableFileError as error:
                problems.append(str(error))
    if problems:
        raise UnreadableFileError("\n".join(problems))
    return values


def read_env_file(folder: Path) -> EnvFile:
    """Return the variables of `.env` in the folder; none without the file, or if this user may not enter the folder.

    Raises:
        UnreadableFileError: the file cannot be opened.
    """
    path = folder / ".env"
    try:
        if is_visible_file(path):
            return parse_env_file(path.read_bytes())
    except OSError as error:
        message = f"{path} cannot be read: {reason_of(error)}."
        raise UnreadableFileError(message) from error
    if os.path.lexists(path):
        message = f"{path} is not a file: replace the folder, or the link to a missing file, by one."
        raise UnreadableFileError(message)
    return parse_env_file(b"")


def is_visible_file(path: Path) -> bool:
    """Return whether the file exists; False in a folder that this user may not enter, as in some containers."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def unknown_names(environ: Mapping[str, str], folder: Path) -> list[str]:
    """Return a sentence for each variable of `.env` that is not a setting."""
    env_file = read_env_file(folder)
    return list(env_file.unknown_names(known_variables({**env_file.values, **environ})))


def misspelled_names(environ: Mapping[str, str], folder: Path) -> list[str]:
    """Return a sentence for each variable of the process whose name is nearly that of a setting."""
    known = known_variables({**read_env_file(folder).values, **environ})
    return [
        f"the environment sets {name}, which is not a setting. Did you mean {similar}?"
        for name in environ
        if name not in known and (similar := similar_name(name, known, _NEARLY))
    ]


def write_variables(changes: Mapping[str, str], environ: Mapping[str, str], folder: Path) -> None:
    """Write variables, in the given order, to the file that `NAME_FILE` names, or to `.env` in the folder.

    An empty text removes a variable from `.env`, or empties its file. Files keep their owner, group and permissions.

    Raises:
        UnreadableFileError: a variable comes from neither, or its file cannot be replaced. Nothing has been changed
            then, unless the disk fails while files are written.
    """
    stored, dotenv = given_environment(environ, folder), folder / ".env"
    files = {name: folder / path for name in changes if (path := stored.get(f"{name}_FILE"))}
    for name in changes:
        if name not in files and (environ.get(name) or not is_visible_file(dotenv)):
            message = f"{name} can be written neither to .env nor to a {name}_FILE. Set the variable yourself."
            raise UnreadableFileError(message)
    for path in (*files.values(), *((dotenv,) if changes.keys() - files.keys() else ())):
        require_replaceable(path)
    for name, value in changes.items():
        if name in files:
            replace_file(files[name], value)
        elif value or stored.get(name):
            replace_file(dotenv, with_variable(dotenv.read_bytes().decode("utf-8-sig"), name, value))


def lacks_secret(values: Mapping[str, str]) -> bool:
    """Return whether no key is set, which production does not allow."""
    may_generate = values.get("ENVIRONMENT", "").lower() in {"", "development", "testing"}
    return may_generate and not any(values.get(name) for name in ("JWT_SECRET_KEY", "JWT_PRIVATE_KEY"))


def lacks_oauth_keys(values: Mapping[str, str]) -> bool:
    """Return whether development needs keys of the OAuth provider, because none are set."""
    is_development = values.get("ENVIRONMENT", "").lower() in {"", "development"}
    is_off = values.get("OAUTH_ENABLED", "").lower() == "false"
    return is_development and not is_off and not values.get("OAUTH_SIGNING_KEYS")


def _new_secret() -> str:
    return secrets.token_urlsafe(48)


def secret_file(values: Mapping[str, str], folder: Path) -> Path:
    """Return the file of the generated secret: next to the SQLite database, or in the working directory."""
    url = (values.get("DATABASE_URL") or DEFAULT_DATABASE_URL).partition("?")[0]
    scheme, _, path = url.partition(":///")
    return folder / (f"{path}.secret" if scheme.startswith("sqlite") and path else "auth_api.secret")


def oauth_key_file(values: Mapping[str, str], folder: Path) -> Path:
    """Return the file of the generated keys of the OAuth provider, next to that of the secret."""
    return secret_file(values, folder).with_suffix(".oauth.secret")


def _kept(path: Path, generate: Callable[[], str]) -> str:
    """Return the secret of the file, generated at the first start, so that users stay logged in over restarts."""
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600), "r+", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # one of several concurrent starts generates it
            secret = file.read().strip()
            if not secret:
                secret = generate()
                file.write(secret)
            return secret
    except (OSError, UnicodeDecodeError) as error:
        message = (
            f"The generated secret cannot be stored in {path}: {reason_of(error)}. "
            "Make the folder writable, or set JWT_SECRET_KEY."
        )
        raise UnreadableFileError(message) from error


def _stored_secret(path: Path) -> str:
    """Return the secret that a server has generated; an empty text if there is none."""
    try:
        return path.read_text(encoding="ascii").strip() if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        message = f"The generated secret in {path} cannot be read: {reason_of(error)}. Run this command as its owner."
        raise UnreadableFileError(message) from error


def _read_secret(name: str, path: str, folder: Path) -> str:
    try:
        text = without_outer_blanks((folder / path).read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        if _SHOWN_PATH.fullmatch(path) is None:
            message = f"{name}_FILE must be the path of a file that contains the secret, not the secret itself."
        else:
            message = f"{name}_FILE names {folder / path}, which cannot be read: {reason_of(error)}."
        raise UnreadableFileError(message) from error
    if not text and name not in _MAY_BE_EMPTY:
        message = f"{name}_FILE names {folder / path}, which is empty: write the secret into it, or remove {name}_FILE."
        raise UnreadableFileError(message)
    return text
