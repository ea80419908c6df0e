"""Manifest of grants."""

from typing import Final

from auth_api.kit.crypto.tokens import SuccessorDerivation
from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.grants.events import GrantEvent
from auth_api.oauth.grants.mails import APP_TOKEN_REUSED
from auth_api.oauth.grants.retention import RETENTION_RULES
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings


def build(core: Core, settings: Settings) -> Feature:
    """Connect the grants to the core."""
    policy = settings.of(OAuthPolicy)
    grants = Grants(
        database=core.database,
        audit=core.audit,
        outbox=core.outbox,
        browser_sessions=core.browser_sessions,
        derivation=SuccessorDerivation(settings.sessions.derivation_secrets),
        idle_time=policy.refresh_idle_ttl,
        longest_time=policy.grant_ttl,
        refresh_grace=settings.sessions.refresh_grace,
    )
    return Feature(services=(grants,))


MANIFEST: Final = Manifest(
    tables=(OAuthGrantRow,),
    events=tuple(GrantEvent),
    mails=(APP_TOKEN_REUSED,),
    retention=lambda _: RETENTION_RULES,
    build=build,
)
