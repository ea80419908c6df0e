"""The mail about an account that a person took over by a sign-in with a provider."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

ACCOUNT_CLAIMED: Final = security_notice("account_claimed", Path(__file__).parent / "templates")

MAIL_KINDS: Final = (ACCOUNT_CLAIMED,)
