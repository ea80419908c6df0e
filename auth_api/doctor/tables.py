"""Check whether the tables are those of this version."""

from auth_api.doctor.findings import Finding, fail, ok
from auth_api.kit.db import migrations
from auth_api.piccolo_app import APP_NAME


def evaluate_migrations(applied: list[str]) -> Finding:
    """Fail if the tables are not those of this version."""
    pending = migrations.missing(APP_NAME, applied)
    if pending:
        return fail("database.migrations", f"{len(pending)} migrations are pending.", "Run: auth-api migrate")
    return ok("database.migrations", f"All {len(applied)} migrations are applied.")
