"""Manifest of grants."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.manifest import Core, Feature, Manifest
from auth_api.oauth.grants.events import GrantEvent
from auth_api.oauth.grants.mails import APP_TOKEN_REUSED
from auth_api.oauth.grants.retention import RETENTION_RULES
from auth_api.oauth.grants.service import Grants
from auth_api.oauth.grants.tables import OAuthGrantRow
from auth_api.sessions.access_events import EndedSessions
from auth_api.settings import Settings


async def end_access(core: Core, access: EndedAccess) -> int:
    """End the grants of the user, or only those that need a session. An event of one session ends them with it."""
    ends = access.ends
    if ends.delegated or ends.sessions in {EndedSessions.ALL, EndedSessions.OTHERS}:
        grants = Grants(database=core.database, audit=core.audit, outbox=core.outbox)
        await grants.end_of_user(access.user_id, only_online=not ends.delegated, reason=access.event)
    return 0


def build(core: Core, _settings: Settings) -> Feature:
    """Connect the grants to the core. They can be ended while the provider is off."""
    return Feature(services=(Grants(database=core.database, audit=core.audit, outbox=core.outbox),))


MANIFEST: Final = Manifest(
    tables=(OAuthGrantRow,),
    events=tuple(GrantEvent),
    mails=(APP_TOKEN_REUSED,),
    retention=lambda _: RETENTION_RULES,
    revocation=Revocation(step=RevocationStep.GRANTS, tables=(OAuthGrantRow,), end=end_access),
    build=build,
)
