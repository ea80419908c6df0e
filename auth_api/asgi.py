"""The application for ASGI servers: `uvicorn --factory auth_api.asgi:app`. `auth-api serve` adds `auth_api.server`."""

import os
from pathlib import Path

from litestar import Litestar

from auth_api.app import create_app
from auth_api.kit.logging import configure_logging, is_terminal
from auth_api.settings import Settings
from auth_api.settings.environment import read_environment


def app() -> Litestar:
    """Read the environment, configure the log and build the application.

    Raises:
        InvalidSettingsError: some variables are missing or invalid.
        UnreadableFileError: a file that a variable names cannot be read.
    """
    settings = Settings.from_env(read_environment(os.environ, Path.cwd(), keep_secret=True))
    start_log(settings)
    return create_app(settings)


def start_log(settings: Settings) -> None:
    """Configure the log of this process. At exit loguru writes the lines that are still queued."""
    configure_logging(level=settings.logging.level, as_json=logs_json(settings))


def logs_json(settings: Settings) -> bool:
    """Return whether log lines are JSON. By default they are text only on a terminal outside of production."""
    if settings.logging.format == "auto":
        return settings.is_production or not is_terminal()
    return settings.logging.format == "json"
