"""The built-in roles, and the indexes of the roles of users.

They need a migration of their own: raw statements run before the tables of their migration are created.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-30T20:21:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "insert the built-in roles"

INDEXES = {
    "user_roles_user_id_role_id": ("UNIQUE INDEX", "user_roles (user_id, role_id)"),
    "user_roles_role_id_user_id": ("INDEX", "user_roles (role_id, user_id)"),
}

ROLES = {
    "administrator": ("May do everything, also what later versions add.", "*"),
    "auditor": (
        "Reads everything about accounts, and changes nothing.",
        "audit:read invitations:read keys:read roles:read service-accounts:read sessions:read users:read",
    ),
    "support": (
        "Finds out why a login fails, ends sessions, and sends mails for a new password.",
        "audit:read sessions:end sessions:read users:read users:reset",
    ),
    "user-manager": (
        "Invites, creates, changes, disables and enables users.",
        "invitations:read invitations:write keys:read keys:revoke roles:read sessions:end sessions:read users:read "
        "users:reset users:write",
    ),
}


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="auth_api", description=DESCRIPTION)

    async def insert() -> None:
        for name, (kind, definition) in INDEXES.items():
            await engine_finder().run_ddl(f"CREATE {kind} {name} ON {definition}")
        for name, (description, permissions) in ROLES.items():
            await engine_finder().run_ddl(
                "INSERT INTO roles (name, description, permissions, is_built_in, is_administrative, lock_version, "
                f"created_at, updated_at) SELECT '{name}', '{description}', '{permissions}', true, true, 0, now, now "
                "FROM (SELECT clock_timestamp() AS now) AS clock"
            )

    async def remove() -> None:
        for name in INDEXES:
            await engine_finder().run_ddl(f"DROP INDEX {name}")
        await engine_finder().run_ddl("DELETE FROM user_roles")
        await engine_finder().run_ddl("DELETE FROM roles")

    manager.add_raw(insert)
    manager.add_raw_backwards(remove)
    return manager
