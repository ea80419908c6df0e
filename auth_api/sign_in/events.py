"""Events of logins and of second factors in the security history."""

from enum import StrEnum

from auth_api.events.audit.events import EventTag


class LoginEvent(EventTag):
    """Results of logins."""

    LOGIN_SUCCEEDED = "login:succeeded"
    LOGIN_FAILED = "login:failed"


class SecondFactorEvent(EventTag):
    """Second factors at a login and at a confirmation of a sensitive operation."""

    LOGIN_SECOND_FACTOR_REQUESTED = "login:second_factor_requested"
    LOGIN_SECOND_FACTOR_FAILED = "login:second_factor_failed"
    LOGIN_SECOND_FACTOR_THROTTLED = "login:second_factor_throttled"
    STEP_UP_SUCCEEDED = "step_up:succeeded"
    STEP_UP_FAILED = "step_up:failed"


class FactorEvent(EventTag):
    """Changes of the second factors of an account, and uses of recovery codes."""

    FACTOR_ADDED = "factor:added"
    FACTOR_REMOVED = "factor:removed"
    TWO_STEP_ENABLED = "two_step:enabled"
    TWO_STEP_DISABLED = "two_step:disabled"
    RECOVERY_CODES_CREATED = "recovery_codes:created"
    RECOVERY_CODE_USED = "recovery_code:used"
    FACTORS_RESET = "factors:reset"


class RemovalReason(StrEnum):
    """Why a factor was removed, as the details of the event state it."""

    OWNER = "owner"
    REPLACED = "replaced"
    REPORTED = "reported"
    RESET = "reset"
