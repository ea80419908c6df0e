"""The mails about a role that a user has got or lost."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

_TEMPLATES: Final = Path(__file__).parent / "templates"

ROLE_GRANTED: Final = security_notice("role_granted", _TEMPLATES)

ROLE_REVOKED: Final = security_notice("role_revoked", _TEMPLATES)

MAIL_KINDS: Final = (ROLE_GRANTED, ROLE_REVOKED)
