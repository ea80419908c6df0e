"""The mail about a username that an administrator has changed."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

USERNAME_CHANGED: Final = security_notice("username_changed", Path(__file__).parent / "templates")

MAIL_KINDS: Final = (USERNAME_CHANGED,)
