"""Events of resource servers in the security history."""

from auth_api.events.audit.events import EventTag


class ResourceEvent(EventTag):
    """Changes of resource servers."""

    RESOURCE_CREATED = "oauth:resource_created"
    RESOURCE_CHANGED = "oauth:resource_changed"
    RESOURCE_DELETED = "oauth:resource_deleted"
