"""Indexes for searches by administrators and for the feed of revocations. The servers go on working meanwhile.

`text_pattern_ops` sorts by bytes. PostgreSQL's other indexes sort by the rules of a language, and find no prefixes.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from auth_api.kit.db.index_builds import create_indexes, drop_indexes, is_postgres

ID = "2026-11-30T23:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "add indexes for searches and revocations"

INDEXES = {
    "users_disabled": "users (id) WHERE NOT is_active",
    "users_unverified": "users (id) WHERE email_verified_at IS NULL",
    "sessions_ended": "sessions (ended_at) WHERE ended_at IS NOT NULL",
    "audit_logs_actor_id": "audit_logs (actor, id) WHERE actor IS NOT NULL",
    "audit_logs_action_id": "audit_logs (action, id)",
}

PREFIX_INDEXES = {
    "users_username_prefix": "users (username text_pattern_ops)",
    "users_email_prefix": "users (email text_pattern_ops)",
}
"""Only on PostgreSQL: the unique indexes of SQLite sort by bytes."""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION, wrap_in_transaction=False)

    async def create() -> None:
        await create_indexes(INDEXES | PREFIX_INDEXES if is_postgres() else INDEXES)

    async def drop() -> None:
        await drop_indexes(INDEXES | PREFIX_INDEXES)

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
