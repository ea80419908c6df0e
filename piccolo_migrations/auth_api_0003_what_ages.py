"""Indexes for the sessions that each login counts, and for the removal of expired rows.

The SQL is valid on both engines; see the previous migration.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-26T00:35:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "add indexes for live sessions and retention"

INDEXES = {
    "sessions_not_ended": "sessions (user_id, id) WHERE ended_at IS NULL",
    "sessions_absolute_expires_at": "sessions (absolute_expires_at)",
    "outbox_sent": "outbox (sent_at) WHERE sent_at IS NOT NULL",
    "outbox_failed": "outbox (failed_at) WHERE failed_at IS NOT NULL",
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
