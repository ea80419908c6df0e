"""The mails about a login from a new network, about second factors, and about accounts at providers."""

from pathlib import Path
from typing import Final

from auth_api.sessions.mails import security_notice

_TEMPLATES: Final = Path(__file__).parent / "templates"

NEW_NETWORK: Final = security_notice("new_network", _TEMPLATES)

SECOND_FACTOR_GUESSED: Final = security_notice("second_factor_guessed", _TEMPLATES)

FACTOR_ADDED: Final = security_notice("factor_added", _TEMPLATES)

FACTOR_REMOVED: Final = security_notice("factor_removed", _TEMPLATES)

TWO_STEP_CHANGED: Final = security_notice("two_step_changed", _TEMPLATES)

RECOVERY_CODES_CREATED: Final = security_notice("recovery_codes_created", _TEMPLATES)

RECOVERY_CODE_USED: Final = security_notice("recovery_code_used", _TEMPLATES)

FACTORS_RESET: Final = security_notice("factors_reset", _TEMPLATES)

IDENTITY_LINKED: Final = security_notice("identity_linked", _TEMPLATES)

IDENTITY_UNLINKED: Final = security_notice("identity_unlinked", _TEMPLATES)

MAIL_KINDS: Final = (
    NEW_NETWORK,
    SECOND_FACTOR_GUESSED,
    FACTOR_ADDED,
    FACTOR_REMOVED,
    TWO_STEP_CHANGED,
    RECOVERY_CODES_CREATED,
    RECOVERY_CODE_USED,
    FACTORS_RESET,
    IDENTITY_LINKED,
    IDENTITY_UNLINKED,
)
