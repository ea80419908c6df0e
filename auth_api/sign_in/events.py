"""Events of logins in the security history."""

from auth_api.events.audit.events import EventTag


class LoginEvent(EventTag):
    """Results of logins."""

    LOGIN_SUCCEEDED = "login:succeeded"
    LOGIN_FAILED = "login:failed"
