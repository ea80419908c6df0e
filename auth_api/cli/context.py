"""Run a command with the settings, a log of errors only, and the services on an open database."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click
from loguru import logger

from auth_api.composition import create_services
from auth_api.kit.db import migrations
from auth_api.kit.db.failures import DATABASE_ERRORS, describe
from auth_api.kit.db.policy import DatabasePolicy
from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.piccolo_app import APP_NAME
from auth_api.services import Services
from auth_api.settings import Settings
from auth_api.settings.environment import misspelled_names, read_environment, unknown_names

T = TypeVar("T")


def load_settings(*, keep_secret: bool = False) -> Settings:
    """Read the settings from the environment and from `.env` in the working directory, and warn of unknown names.

    Args:
        keep_secret: whether a secret that development generates is stored in a file.

    Raises:
        InvalidSettingsError: variables are missing or invalid.
        UnreadableFileError: a file that the environment names cannot be read.
    """
    folder = Path.cwd()
    environ = read_environment(os.environ, folder, keep_secret=keep_secret)
    for sentence in [*unknown_names(os.environ, folder), *misspelled_names(os.environ, folder)]:
        click.echo(f"Warning: {sentence}", err=True)
    return Settings.from_env(environ)


@contextmanager
def database_errors(policy: DatabasePolicy) -> Iterator[None]:
    """Replace an error of the database by the reason why it cannot be used, and the fix."""
    try:
        yield
    except BrokenPipeError:  # the reader of the output has closed the pipe
        raise
    except (migrations.MigrationFailedError, migrations.MigrationLockError) as error:
        raise click.ClickException(str(error)) from error
    except DatabaseUnavailableException as error:
        raise click.ClickException(describe(policy, error.__cause__ or error)) from error
    except DATABASE_ERRORS as error:
        raise click.ClickException(describe(policy, error)) from error


def require_none(pending: list[str]) -> None:
    """Raise an error that names the command to run if migrations are pending."""
    if pending:
        message = f"{migrations.pending_text(len(pending))} Run: auth-api migrate"
        raise click.ClickException(message)


def run(command: Callable[[Services], Awaitable[T]]) -> T:
    """Run a command on the services; a SQLite database is migrated first."""
    logger.remove()
    logger.add(sys.stderr, level="ERROR", format="{message}", diagnose=False, backtrace=False)
    settings = load_settings()
    services = create_services(settings)

    async def main() -> T:
        if settings.database.sqlite_path is not None:
            await migrations.migrate(services.core.database.engine, APP_NAME)
        else:
            require_none(await migrations.pending(APP_NAME))
        async with services.running():
            return await command(services)

    with database_errors(settings.database):
        return asyncio.run(main())
