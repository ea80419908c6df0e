"""Manifest of sessions and tokens."""

from typing import Final

from auth_api.ended_access import EndedAccess, Revocation, RevocationStep
from auth_api.kit.crypto.tokens import SuccessorDerivation
from auth_api.manifest import Core, ExportPart, Feature, Manifest
from auth_api.sessions.access_events import EndedSessions
from auth_api.sessions.controllers import OwnSessionsController, SessionController
from auth_api.sessions.errors import (
    AuthenticationRequiredException,
    RefreshTokenReusedException,
    SessionNotFoundException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
from auth_api.sessions.events import SessionEvent
from auth_api.sessions.export import EXAMPLE_EXPORT, SessionsExport, export_sessions
from auth_api.sessions.mails import MAIL_KINDS
from auth_api.sessions.retention import retention_rules
from auth_api.sessions.rotation import RotationService
from auth_api.sessions.tables import BrowserSessionRow, RefreshTokenRow, SessionRow
from auth_api.settings import Settings
from auth_api.throttling.policy import MINUTE, ClientIpLimit

LIMITS: Final = (ClientIpLimit(name="refresh", requests=150, window_seconds=5 * MINUTE, is_shared=False),)
"""Need not be exact: a refresh token has 256 random bits, so nothing is gained by guessing faster."""


def build(core: Core, settings: Settings) -> Feature:
    """Connect the rotation of tokens to the core."""
    rotation = RotationService(
        database=core.database,
        audit=core.audit,
        outbox=core.outbox,
        access_tokens=core.sessions.access_tokens,
        policy=settings.sessions,
        derivation=SuccessorDerivation(settings.sessions.derivation_secrets),
    )
    return Feature(
        controllers=(SessionController, OwnSessionsController),
        dependencies={
            "sessions": core.sessions,
            "rotation": rotation,
            "access_revocation": core.access_revocation,
        },
    )


async def end_access(core: Core, access: EndedAccess) -> int:
    """End the sessions of the user with their refresh tokens and cookies, except the one to keep."""
    if access.ends.sessions in {EndedSessions.NONE, EndedSessions.OPENED}:  # the flow ends those of an identity
        return 0
    return await core.sessions.end_all(access.user_id, reason=access.event, kept_session_id=access.kept_session_id)


MANIFEST: Final = Manifest(
    tables=(SessionRow, RefreshTokenRow, BrowserSessionRow),
    errors=(
        AuthenticationRequiredException,
        RefreshTokenReusedException,
        SessionNotFoundException,
        TokenExpiredException,
        TokenInvalidException,
        TokenRevokedException,
    ),
    events=tuple(SessionEvent),
    mails=MAIL_KINDS,
    paths=(
        "/api/auth/refresh",
        "/api/auth/logout",
        "/api/auth/logout-all",
        "/api/user/sessions",
        "/api/user/sessions/{session_id}",
    ),
    retention=lambda settings: retention_rules(settings.sessions),
    limits=lambda _: LIMITS,
    revocation=Revocation(
        step=RevocationStep.SESSIONS, tables=(SessionRow, RefreshTokenRow, BrowserSessionRow), end=end_access
    ),
    export=ExportPart(
        schema=SessionsExport,
        example=EXAMPLE_EXPORT,
        collect=lambda core, principal, limit: export_sessions(core.sessions, principal, limit),
    ),
    build=build,
)
