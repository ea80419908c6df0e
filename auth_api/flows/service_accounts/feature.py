"""Manifest of the administration of service accounts and API keys."""

from typing import Final

from auth_api.credentials.api_keys.service_accounts import ServiceAccounts
from auth_api.flows.service_accounts.commands import api_keys, service_accounts
from auth_api.flows.service_accounts.controllers import ServiceAccountController
from auth_api.flows.service_accounts.key_controllers import ServiceKeyController, UserKeyController
from auth_api.flows.service_accounts.routes import PATH
from auth_api.flows.service_accounts.schemas import ACCOUNT_NAME_CHECK, check_account_name
from auth_api.flows.service_accounts.user_keys import UserKeys
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings


def build(core: Core, _settings: Settings) -> Feature:
    """Connect the administration of keys to the core."""
    return Feature(
        controllers=(ServiceAccountController, ServiceKeyController, UserKeyController),
        dependencies={
            "service_accounts": ServiceAccounts(
                database=core.database, audit=core.audit, roles=core.roles, api_keys=core.api_keys
            ),
            "user_keys": UserKeys(
                database=core.database,
                users=core.users,
                roles=core.roles,
                api_keys=core.api_keys,
                outbox=core.outbox,
                key_created_mail=core.mail_kind("key_created"),
            ),
        },
        field_checks={ACCOUNT_NAME_CHECK: check_account_name},
    )


MANIFEST: Final = Manifest(
    tags={"Service accounts": "Programs that have API keys of their own, for administrators."},
    paths=(
        "/api/admin/users/{user_id}/keys",
        "/api/admin/users/{user_id}/keys/{key_id}",
        PATH,
        f"{PATH}/{{account_id}}",
        f"{PATH}/{{account_id}}/keys",
        f"{PATH}/{{account_id}}/keys/{{key_id}}",
    ),
    commands=(api_keys, service_accounts),
    build=build,
)
