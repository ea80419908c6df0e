"""Manifest of the user's own passkeys."""

from functools import partial
from typing import Final

from auth_api.flows.own_passkeys.controllers import OwnPasskeysController
from auth_api.flows.own_passkeys.schemas import MAX_NAME_LENGTH, NAME_CHECK
from auth_api.flows.own_passkeys.service import OwnPasskeysService
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.users.name_text import canonical_name


def build(core: Core, _settings: Settings) -> Feature:
    """Connect the user's own passkeys to the core; without passkeys it has no routes."""
    own_passkeys = OwnPasskeysService(
        database=core.database,
        passkeys=core.passkeys,
        changes=core.factor_changes,
        enrolment=core.enrolment,
        ways_in=core.ways_in,
    )
    return Feature(
        controllers=(OwnPasskeysController,) if core.passkeys.is_on else (),
        dependencies={"own_passkeys": own_passkeys},
        field_checks={NAME_CHECK: partial(canonical_name, max_length=MAX_NAME_LENGTH)},
    )


MANIFEST: Final = Manifest(
    paths=("/api/user/passkeys/options", "/api/user/passkeys", "/api/user/passkeys/{passkey_id}"), build=build
)
