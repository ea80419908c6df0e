"""What every command needs: the settings, a quiet log, and the services on an open database."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from loguru import logger

from auth_api.app import Services, create_services
from auth_api.environment import read_environment
from auth_api.kit.db import migrations
from auth_api.piccolo_app import APP_NAME
from auth_api.settings import Settings

T = TypeVar("T")


def load_settings(*, keep_secret: bool = False) -> Settings:
    """Read the environment; see `read_environment`.

    Raises:
        InvalidSettingsError: some variables are missing or wrong.
        UnreadableFileError: a file that the environment names cannot be read.
    """
    return Settings.from_env(read_environment(os.environ, Path.cwd(), keep_secret=keep_secret))


def run(command: Callable[[Services], Awaitable[T]]) -> T:
    """Run a command on the services, with the log at errors; the embedded database is migrated first."""
    logger.remove()
    logger.add(sys.stderr, level="ERROR", format="{message}", diagnose=False, backtrace=False)
    settings = load_settings()
    services = create_services(settings)

    async def main() -> T:
        if settings.database.sqlite_path is not None:
            await migrations.migrate(services.database.engine, APP_NAME)
        async with services.running():
            return await command(services)

    return asyncio.run(main())
