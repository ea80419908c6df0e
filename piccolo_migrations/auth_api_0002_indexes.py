"""Indexes that Piccolo's column definitions cannot express.

The SQL is valid on both engines. It needs a migration of its own: raw statements run before the tables of their
migration are created.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-24T17:15:03:708772"
VERSION = "1.38.0"
DESCRIPTION = "add partial and multi-column indexes"

INDEXES = {
    "audit_logs_user_id_id": "audit_logs (user_id, id)",
    "outbox_waiting": "outbox (next_attempt_at) WHERE sent_at IS NULL AND failed_at IS NULL",
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
