"""Events of applications in the security history."""

from auth_api.events.audit.events import EventTag


class ClientEvent(EventTag):
    """Changes of applications, and requests that could not prove to come from one."""

    OAUTH_CLIENT_CREATED = "oauth:client_created"
    OAUTH_CLIENT_CHANGED = "oauth:client_changed"
    OAUTH_CLIENT_DELETED = "oauth:client_deleted"
    OAUTH_CLIENT_SECRET_ROTATED = "oauth:client_secret_rotated"  # noqa: S105 - the name of an event
    OAUTH_CLIENT_AUTH_FAILED = "oauth:client_auth_failed"
