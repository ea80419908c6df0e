"""The mail about a new API key."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

KEY_CREATED: Final = security_notice("key_created", Path(__file__).parent / "templates")

MAIL_KINDS: Final = (KEY_CREATED,)
