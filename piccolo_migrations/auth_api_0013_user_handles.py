"""The index of `users.webauthn_handle`, which identifies one account.

It needs a migration of its own: raw statements run before the columns of their migration are created. The previous
version is not affected.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-30T12:11:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "make users.webauthn_handle unique"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)

    async def create() -> None:
        await engine_finder().run_ddl("CREATE UNIQUE INDEX users_webauthn_handle ON users (webauthn_handle)")

    async def drop() -> None:
        await engine_finder().run_ddl("DROP INDEX users_webauthn_handle")

    manager.add_raw(create)
    manager.add_raw_backwards(drop)
    return manager
