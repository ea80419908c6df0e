"""The mail about an application that a user has allowed to use the account."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

APPLICATION_ALLOWED: Final = security_notice("application_allowed", Path(__file__).parent / "templates")

MAIL_KINDS: Final = (APPLICATION_ALLOWED,)
