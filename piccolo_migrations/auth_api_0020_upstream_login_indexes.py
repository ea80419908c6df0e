"""The indexes of identities, and of what came with them. The servers go on working meanwhile.

They need a migration of their own: raw statements run before the table of their migration is created.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

from auth_api.kit.db.index_builds import create_indexes, drop_indexes

ID = "2026-12-01T00:10:01:000000"
VERSION = "1.38.0"
DESCRIPTION = "add the indexes of identities"

UNIQUE_INDEXES = {"user_identities_issuer_subject": "user_identities (issuer, subject)"}

INDEXES = {
    "sessions_identity_id": "sessions (identity_id) WHERE identity_id IS NOT NULL",
    "user_roles_identity_id": "user_roles (identity_id) WHERE identity_id IS NOT NULL",
}


class UserRoleRow(Table, tablename="user_roles", schema=None):
    pass


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION, wrap_in_transaction=False)

    async def create() -> None:
        await create_indexes(UNIQUE_INDEXES, is_unique=True)
        await create_indexes(INDEXES)

    async def take_roles_of_providers() -> None:  # without the column they would look like those that people granted
        await UserRoleRow.raw("DELETE FROM user_roles WHERE identity_id IS NOT NULL")

    async def drop() -> None:
        await drop_indexes(UNIQUE_INDEXES | INDEXES)

    manager.add_raw(create)
    manager.add_raw_backwards(take_roles_of_providers)
    manager.add_raw_backwards(drop)
    return manager
