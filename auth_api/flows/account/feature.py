"""Manifest of the user's own account."""

from functools import partial
from typing import Final

from auth_api.flows.account.controllers import AccountController, export_controller
from auth_api.flows.account.export import ExportService, export_example, export_schema
from auth_api.flows.account.service import AccountService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.throttling.policy import HOUR, ClientIpLimit

LIMITS: Final = (
    ClientIpLimit(name="rename", requests=20, window_seconds=HOUR),
    ClientIpLimit(name="password_change", requests=20, window_seconds=HOUR),
    ClientIpLimit(name="account_deletion", requests=20, window_seconds=HOUR),
    ClientIpLimit(name="export", requests=10, window_seconds=HOUR),
)


def build(core: Core, _settings: Settings) -> Feature:
    """Connect the account and its export to the core."""
    accounts = AccountService(
        database=core.database,
        users=core.users,
        audit=core.audit,
        passwords=core.passwords,
        api_keys=core.api_keys,
        freshness=core.freshness,
        password_rules=core.password_rules,
        sign_in=core.sign_in,
        access_revocation=core.access_revocation,
        account_removal=core.account_removal,
        outbox=core.outbox,
    )
    parts = [manifest.export for manifest in core.manifests if manifest.export is not None]
    exports = ExportService(collectors=[partial(part.collect, core) for part in parts], clock=core.clock)
    schema, example = export_schema(part.schema for part in parts), export_example(part.example for part in parts)
    return Feature(
        controllers=(AccountController, export_controller(schema, example)),
        dependencies={"accounts": accounts, "exports": exports},
    )


MANIFEST: Final = Manifest(
    tags={"Account": "The account of the user who is logged in."},
    paths=(
        "/api/user/profile",
        "/api/user/password",
        "/api/user/audit-log",
        "/api/user/export",
        "/api/user/delete",
    ),
    limits=lambda _: LIMITS,
    build=build,
)
