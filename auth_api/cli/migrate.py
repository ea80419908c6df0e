"""Apply migrations: `auth-api migrate`."""

import asyncio
import contextlib
import io
import sys
from typing import Final

import click
from piccolo.apps.migrations.commands import new

from auth_api.cli.context import database_errors, load_settings
from auth_api.kit.db import migrations
from auth_api.kit.db.database import create_migrating_engine
from auth_api.piccolo_app import APP_CONFIG, APP_NAME, bind

NOTHING_PENDING: Final = "No migrations are pending."


@click.command()
@click.option("--check", is_flag=True, help="Only list pending migrations; exit status 1 if there are any.")
@click.option("--drift", is_flag=True, help="Only list table changes that no migration contains; needs no database.")
def migrate(*, check: bool, drift: bool) -> None:
    """Apply pending migrations. Several processes may do this at once."""
    policy = load_settings().database
    engine = create_migrating_engine(policy)
    bind(engine)
    with database_errors(policy):
        if drift:
            sys.exit(_report("not in a migration", asyncio.run(find_drift()), "All table changes are in migrations."))
        if check:
            sys.exit(_report("pending", asyncio.run(migrations.pending(APP_NAME)), NOTHING_PENDING))
        done = asyncio.run(migrations.migrate(engine, APP_NAME))
    click.echo("\n".join(f"applied {name}" for name in done) or NOTHING_PENDING)


async def find_drift() -> list[str]:
    """Return the table changes that no migration contains; raw SQL in migrations is ignored."""
    with contextlib.redirect_stdout(io.StringIO()):
        found = await new.AutoMigrationManager(auto_input="n").get_alter_statements(APP_CONFIG)
    return [statement for statements in found for statement in statements.statements]


def _report(label: str, items: list[str], otherwise: str) -> int:
    click.echo("\n".join(f"{label}: {item}" for item in items) or otherwise)
    return 1 if items else 0
