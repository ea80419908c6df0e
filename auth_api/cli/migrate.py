"""`auth-api migrate`."""

import asyncio
import contextlib
import io
import sys

import click
from piccolo.apps.migrations.commands import new

from auth_api.cli.context import database_errors, load_settings
from auth_api.kit.db import migrations
from auth_api.kit.db.database import create_migrating_engine
from auth_api.piccolo_app import APP_CONFIG, APP_NAME, bind


@click.command()
@click.option("--check", is_flag=True, help="Only tell whether migrations are pending: exit status 1 if so.")
@click.option(
    "--drift", is_flag=True, help="Only tell whether the tables say more than the migrations; asks no database."
)
def migrate(*, check: bool, drift: bool) -> None:
    """Bring the database up to date. Safe when several run at once."""
    engine = create_migrating_engine(load_settings().database)
    bind(engine)
    with database_errors():
        if drift:
            sys.exit(_report("missing from the migrations", asyncio.run(find_drift())))
        if check:
            sys.exit(_report("pending", asyncio.run(migrations.pending(APP_NAME))))
        done = asyncio.run(migrations.migrate(engine, APP_NAME))
    click.echo("\n".join(f"applied {name}" for name in done) or "nothing to do")


async def find_drift() -> list[str]:
    """Return the changes that the tables have and the migrations lack. Raw SQL of migrations is not seen."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = await new.AutoMigrationManager(auto_input="n").get_alter_statements(APP_CONFIG)
    return [statement for statements in found for statement in statements.statements]


def _report(what: str, items: list[str]) -> int:
    click.echo("\n".join(f"{what}: {item}" for item in items) or f"nothing is {what}")
    return 1 if items else 0
