"""Manifest of the user's own API keys."""

from typing import Final

from auth_api.credentials.api_keys.new_key_fields import NAME_CHECK, check_name
from auth_api.flows.own_keys.controllers import OwnKeysController
from auth_api.flows.own_keys.mails import MAIL_KINDS
from auth_api.flows.own_keys.service import OwnKeys
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in.policy import MfaPolicy
from auth_api.throttling.creation_limits import CreationLimits


def build(core: Core, settings: Settings) -> Feature:
    """Connect the user's own API keys to the core, with routes if users can have keys."""
    own_keys = OwnKeys(
        database=core.database,
        users=core.users,
        roles=core.roles,
        api_keys=core.api_keys,
        freshness=core.freshness,
        mfa_policy=settings.of(MfaPolicy),
        limits=CreationLimits(settings.throttling),
        outbox=core.outbox,
    )
    return Feature(
        controllers=(OwnKeysController,) if core.api_keys.policy.allows_personal else (),
        dependencies={"own_keys": own_keys},
        field_checks={NAME_CHECK: check_name},
    )


MANIFEST: Final = Manifest(
    mails=MAIL_KINDS,
    tags={"API keys": "Keys with which programs act for a user or for a service account."},
    paths=("/api/user/keys", "/api/user/keys/{key_id}"),
    build=build,
)
