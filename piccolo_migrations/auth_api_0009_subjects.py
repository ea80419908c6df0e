"""Give every user a random `subject`: new ones by the database itself, then those that exist.

The previous version, which does not know the column, may still insert users. So the value comes from a default on
PostgreSQL, and from a trigger on SQLite, where a column cannot get such a default later.

Each statement commits by itself, so that few rows are locked at a time. The migration can be repeated.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder
from piccolo.querystring import QueryString

ID = "2026-11-30T10:09:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "give every user a subject"

BATCH_ROWS = 5000

# A UUID of version 4 (RFC 9562 §5.4), as SQLite has no function for it.
RANDOM_UUID = (
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' "
    "|| substr('89ab', 1 + (random() & 3), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)

ASSIGN_IN_SQLITE = (
    "CREATE TRIGGER IF NOT EXISTS users_subject AFTER INSERT ON users WHEN NEW.subject IS NULL "
    f"BEGIN UPDATE users SET subject = {RANDOM_UUID} WHERE id = NEW.id; END"
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(
        migration_id=ID, app_name="auth_api", description=DESCRIPTION, wrap_in_transaction=False
    )

    async def assign() -> None:
        engine = engine_finder()
        is_sqlite = engine.engine_type == "sqlite"
        random_uuid = RANDOM_UUID if is_sqlite else "gen_random_uuid()"
        await engine.run_ddl(
            ASSIGN_IN_SQLITE if is_sqlite else "ALTER TABLE users ALTER COLUMN subject SET DEFAULT gen_random_uuid()"
        )
        (newest,) = await engine.run_querystring(QueryString("SELECT coalesce(max(id), 0) AS id FROM users"))
        fill = f"UPDATE users SET subject = {random_uuid} WHERE subject IS NULL AND id > {{}} AND id <= {{}}"
        for first in range(0, newest["id"], BATCH_ROWS):
            await engine.run_querystring(QueryString(fill, first, first + BATCH_ROWS))

    async def stop_assigning() -> None:
        engine = engine_finder()
        await engine.run_ddl(
            "DROP TRIGGER IF EXISTS users_subject"
            if engine.engine_type == "sqlite"
            else "ALTER TABLE users ALTER COLUMN subject DROP DEFAULT"
        )

    manager.add_raw(assign)
    manager.add_raw_backwards(stop_assigning)
    return manager
