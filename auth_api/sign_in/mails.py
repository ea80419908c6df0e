"""The mail about a login from a new network."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

NEW_NETWORK: Final = security_notice("new_network", Path(__file__).parent / "templates")

MAIL_KINDS: Final = (NEW_NETWORK,)
