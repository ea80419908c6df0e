"""Manifest of sessions and tokens."""

from typing import Final

from auth_api.manifest import Manifest
from auth_api.sessions.errors import (
    AuthenticationRequiredException,
    RefreshTokenReusedException,
    SessionNotFoundException,
    TokenExpiredException,
    TokenInvalidException,
    TokenRevokedException,
)
from auth_api.sessions.mails import MAIL_KINDS
from auth_api.sessions.retention import retention_rules
from auth_api.sessions.tables import RefreshTokenRow, SessionRow

MANIFEST: Final = Manifest(
    tables=(SessionRow, RefreshTokenRow),
    errors=(
        AuthenticationRequiredException,
        RefreshTokenReusedException,
        SessionNotFoundException,
        TokenExpiredException,
        TokenInvalidException,
        TokenRevokedException,
    ),
    mails=MAIL_KINDS,
    paths=(
        "/api/auth/refresh",
        "/api/auth/logout",
        "/api/auth/logout-all",
        "/api/user/sessions",
        "/api/user/sessions/{session_id}",
    ),
    retention=lambda settings: retention_rules(settings.sessions),
)
