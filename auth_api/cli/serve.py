"""Start the server: `auth-api serve`."""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from auth_api.asgi import start_log
from auth_api.cli.context import load_settings, require_none
from auth_api.kit.db import migrations
from auth_api.kit.db.database import create_migrating_engine
from auth_api.kit.db.failures import DATABASE_ERRORS, describe, is_outage
from auth_api.kit.prometheus import remove_process
from auth_api.operations.health.exposition import Exposition
from auth_api.piccolo_app import APP_NAME, bind
from auth_api.server.banner import print_banner
from auth_api.server.listening_socket import (
    FILES_BESIDES_CONNECTIONS,
    AddressUnavailableError,
    bind_socket,
    raise_open_file_limit,
)
from auth_api.server.metrics_server import MetricsUnavailableError, exposure_warning, metrics_folder, metrics_port
from auth_api.server.server import Server, configuration
from auth_api.server.supervisor import Supervisor
from auth_api.settings import Settings
from auth_api.settings.reader import Environment
from auth_api.sign_in.policy import MfaPolicy


class StartRefusedError(click.ClickException):
    """The server cannot start; the text names the fix."""


def startup_warnings(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each setting that the operator may have overlooked; the server starts all the same."""
    if exposed := exposure_warning(settings.server.host, settings.metrics):
        yield exposed
    if settings.passkeys.problem and settings.environment is not Environment.TESTING:
        yield f"passkeys are off: {settings.passkeys.problem}."
    if not settings.sealing.data_keys:  # only in production, as other environments derive a key
        effect = "administrators need no second factor, and " if settings.of(MfaPolicy).lacks_keys else ""
        yield f"{effect}users cannot add authenticator apps: DATA_ENCRYPTION_KEYS is not set."


@click.command()
@click.option("--host", help="Address to listen on, instead of HOST.")
@click.option("--port", type=int, help="Port to listen on, instead of PORT.")
@click.option("--workers", type=int, help="Number of worker processes, instead of WORKERS.")
@click.option(
    "--migrate", "do_migrate", is_flag=True, help="Apply pending migrations first; with SQLite this always happens."
)
def serve(host: str | None, port: int | None, workers: int | None, *, do_migrate: bool) -> None:
    """Start the server. Ctrl-C or SIGTERM stops it after running requests."""
    # Workers are new processes: they read the same environment.
    given = {"HOST": host, "PORT": port, "WORKERS": workers}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = load_settings(keep_secret=True)
    for warning in startup_warnings(settings):
        click.echo(f"Warning: {warning}", err=True)
    try:
        listening = bind_socket(settings.server.host, settings.server.port)
    except AddressUnavailableError as error:
        raise StartRefusedError(str(error)) from error
    _require_database(settings)
    do_migrate = do_migrate or settings.database.sqlite_path is not None
    has_database = asyncio.run(_prepare_database(settings, do_migrate=do_migrate))
    with _metrics(settings):
        status = _run(settings, listening, has_database=has_database)
    sys.exit(status)


def _run(settings: Settings, listening: socket.socket, *, has_database: bool) -> int:
    """Serve until a signal, and return the exit status."""
    policy = settings.server
    raise_open_file_limit(2 * policy.max_connections + FILES_BESIDES_CONNECTIONS)
    has_banner = settings.environment is Environment.DEVELOPMENT
    announce = (lambda: print_banner(settings, listening, has_database=has_database)) if has_banner else None
    if policy.workers > 1:
        start_log(settings)
        return Supervisor(policy, listening, on_worker_end=remove_process).run(announce)
    server = Server(configuration(policy), policy, announce)
    server.run(sockets=[listening])
    return 0 if server.started else 1


@contextmanager
def _metrics(settings: Settings) -> Iterator[None]:
    """Create the metrics folder of several workers, and serve METRICS_PORT, in this context."""
    with ExitStack() as stack:
        try:
            if settings.server.workers > 1:
                stack.enter_context(metrics_folder())
            if settings.metrics.port is not None:
                stack.enter_context(
                    metrics_port(settings.server.host, settings.metrics.port, Exposition(settings.metrics))
                )
        except MetricsUnavailableError as error:
            raise StartRefusedError(str(error)) from error
        yield


def _require_database(settings: Settings) -> None:
    """Refuse to start in production without a database: an empty one would hide that it was lost."""
    path = settings.database.sqlite_path
    try:
        is_missing = path is not None and not (Path(path).is_file() and Path(path).stat().st_size)
    except OSError as error:
        raise StartRefusedError(describe(settings.database, error)) from error
    if settings.is_production and is_missing:
        message = f"The database {path} does not exist. Restore it, or create a new one: auth-api migrate"
        raise StartRefusedError(message)


async def _prepare_database(settings: Settings, *, do_migrate: bool) -> bool:
    """Apply pending migrations, or require that none are pending.

    Returns:
        False if the database is unavailable; the server starts nevertheless.
    """
    engine = create_migrating_engine(settings.database)
    bind(engine)
    try:
        if do_migrate:
            await migrations.migrate(engine, APP_NAME)
        else:
            require_none(await migrations.pending(APP_NAME))
    except (migrations.MigrationFailedError, migrations.MigrationLockError) as error:
        raise StartRefusedError(str(error)) from error
    except DATABASE_ERRORS as error:
        description = describe(settings.database, error)
        if settings.database.sqlite_path is not None or not is_outage(error):
            raise StartRefusedError(description) from error
        click.echo(f"{description} Starting without it; /health/ready returns 503 until it responds.", err=True)
        return False
    return True
