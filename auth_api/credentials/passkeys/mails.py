"""The mail about a passkey that may have been copied."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

PASSKEY_COUNTER_REGRESSED: Final = security_notice("passkey_counter_regressed", Path(__file__).parent / "templates")

MAIL_KINDS: Final = (PASSKEY_COUNTER_REGRESSED,)
