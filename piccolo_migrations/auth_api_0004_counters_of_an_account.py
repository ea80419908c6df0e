"""Sort the keys of counters by their bytes, so that an index finds all keys of a user by their common prefix.

PostgreSQL sorts by the rules of a language by default, for which an index cannot do that; SQLite sorts by bytes.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-26T07:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "sort counters by bytes"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)

    async def sort_by(collation: str) -> None:
        engine = engine_finder()
        if engine.engine_type == "postgres":
            column = f'ALTER COLUMN key TYPE varchar(150) COLLATE "{collation}"'
            await engine.run_ddl(f"ALTER TABLE throttle_counters {column}")

    async def by_bytes() -> None:
        await sort_by("C")

    async def by_language() -> None:
        await sort_by("default")

    manager.add_raw(by_bytes)
    manager.add_raw_backwards(by_language)
    return manager
