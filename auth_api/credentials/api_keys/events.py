"""Events of API keys and service accounts in the security history."""

from auth_api.events.audit.events import EventTag


class ApiKeyEvent(EventTag):
    """Changes of API keys and of service accounts."""

    KEY_CREATED = "key:created"
    KEY_REVOKED = "key:revoked"
    SERVICE_ACCOUNT_CREATED = "service_account:created"
    SERVICE_ACCOUNT_CHANGED = "service_account:changed"
    SERVICE_ACCOUNT_DELETED = "service_account:deleted"
