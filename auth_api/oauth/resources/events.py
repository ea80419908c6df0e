"""Events of resource servers in the security history."""

from auth_api.events.audit.events import EventTag


class ResourceEvent(EventTag):
    """Changes of resource servers."""

    OAUTH_RESOURCE_CREATED = "oauth:resource_created"
    OAUTH_RESOURCE_CHANGED = "oauth:resource_changed"
    OAUTH_RESOURCE_DELETED = "oauth:resource_deleted"
