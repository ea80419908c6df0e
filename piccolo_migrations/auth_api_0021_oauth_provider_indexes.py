"""The index of the OAuth provider.

It needs a migration of its own: raw statements run before the tables of their migration are created.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from auth_api.kit.db.index_builds import create_indexes, drop_indexes

ID = "2026-12-01T03:30:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "add the index of the OAuth provider"

UNIQUE_INDEXES = {"oauth_consents_user_client": "oauth_consents (user_id, client_id)"}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION, wrap_in_transaction=False)

    async def create() -> None:
        await create_indexes(UNIQUE_INDEXES, is_unique=True)

    async def drop() -> None:
        await drop_indexes(UNIQUE_INDEXES)

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
