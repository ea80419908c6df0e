"""Events of passwords in the security history."""

from auth_api.events.audit.events import EventTag


class PasswordEvent(EventTag):
    """Changes of passwords, and attempts to guess them."""

    LOGIN_THROTTLED = "login:throttled"
    PASSWORD_DROPPED = "password:dropped"  # noqa: S105 - an event, not a password
    PASSWORD_CHANGED = "password:changed"  # noqa: S105 - an event, not a password
    PASSWORD_RESET = "password:reset"  # noqa: S105 - as above
    PASSWORD_RESET_REQUESTED = "password:reset_requested"  # noqa: S105 - as above
    PASSWORD_SET = "password:set"  # noqa: S105 - as above
