"""Events of applications in the security history."""

from auth_api.events.audit.events import EventTag


class ClientEvent(EventTag):
    """Changes of applications, and requests that could not prove to come from one."""

    CLIENT_CREATED = "oauth:client_created"
    CLIENT_CHANGED = "oauth:client_changed"
    CLIENT_DELETED = "oauth:client_deleted"
    CLIENT_SECRET_ROTATED = "oauth:client_secret_rotated"  # noqa: S105 - the name of an event
    CLIENT_AUTH_FAILED = "oauth:client_auth_failed"
