"""The mail about a reused refresh token of an application."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

APP_TOKEN_REUSED: Final = security_notice("app_token_reused", Path(__file__).parent / "templates")
