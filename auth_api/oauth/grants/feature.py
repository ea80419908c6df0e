"""Manifest of grants."""

from typing import Final

from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.grants.events import GrantEvent
from auth_api.oauth.grants.mails import APP_TOKEN_REUSED
from auth_api.oauth.grants.retention import RETENTION_RULES
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.settings import Settings


def build(core: Core, _settings: Settings) -> Feature:
    """Connect the grants to the core. They can be ended while the provider is off."""
    return Feature(services=(Grants(database=core.database, audit=core.audit, outbox=core.outbox),))


MANIFEST: Final = Manifest(
    tables=(OAuthGrantRow,),
    events=tuple(GrantEvent),
    mails=(APP_TOKEN_REUSED,),
    retention=lambda _: RETENTION_RULES,
    build=build,
)
