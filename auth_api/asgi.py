"""For ASGI servers: `uvicorn --factory auth_api.asgi:app`. `auth-api serve` does more; see `server/server.py`."""

import os
from pathlib import Path

from litestar import Litestar

from auth_api.app import create_app
from auth_api.kit.logging import configure_logging, is_terminal
from auth_api.settings import Settings
from auth_api.settings.environment import read_environment


def app() -> Litestar:
    """Read the environment, set the log up and build the application.

    Raises:
        InvalidSettingsError: some variables are missing or wrong.
        UnreadableFileError: a file that the environment names cannot be read.
    """
    settings = Settings.from_env(read_environment(os.environ, Path.cwd(), keep_secret=True))
    start_log(settings)
    return create_app(settings)


def start_log(settings: Settings) -> None:
    """Write this process's log as the settings say; at its end loguru has what waits written."""
    configure_logging(level=settings.logging.level, as_json=logs_json(settings))


def logs_json(settings: Settings) -> bool:
    """Text is for people: on a development terminal, unless LOG_FORMAT says otherwise."""
    if settings.logging.format == "auto":
        return settings.is_production or not is_terminal()
    return settings.logging.format == "json"
