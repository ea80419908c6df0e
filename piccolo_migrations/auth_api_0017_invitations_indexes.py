"""The indexes of the invitations.

They need a migration of their own: raw statements run before the table of their migration is created.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-30T22:17:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "add the indexes of invitations"

INDEXES = {
    "invitations_email_id": "invitations (email, id)",
    "invitations_invited_by_id": "invitations (invited_by, id)",
    "invitations_pending": "invitations (id) WHERE accepted_at IS NULL AND revoked_at IS NULL",
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)

    async def create() -> None:
        for name, definition in INDEXES.items():
            await engine_finder().run_ddl(f"CREATE INDEX {name} ON {definition}")

    async def drop() -> None:
        for name in INDEXES:
            await engine_finder().run_ddl(f"DROP INDEX {name}")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
