"""The mail about a changed password."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

PASSWORD_CHANGED: Final = security_notice("password_changed", Path(__file__).parent / "templates")

MAIL_KINDS: Final = (PASSWORD_CHANGED,)
