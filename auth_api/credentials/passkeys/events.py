"""Events of passkeys in the security history."""

from auth_api.events.audit.events import EventTag


class PasskeyEvent(EventTag):
    """Signs of misuse."""

    PASSKEY_COUNTER_REGRESSED = "passkey:counter_regressed"
