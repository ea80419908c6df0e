"""Events of roles and permissions."""

from auth_api.events.audit.events import EventTag


class RoleEvent(EventTag):
    """Events of roles, of those who have them, and of the permissions of a team."""

    ROLE_CREATED = "role:created"
    ROLE_CHANGED = "role:changed"
    ROLE_DELETED = "role:deleted"
    ROLE_GRANTED = "role:granted"
    ROLE_REVOKED = "role:revoked"
    PERMISSION_CREATED = "permission:created"
    PERMISSION_CHANGED = "permission:changed"
    PERMISSION_DELETED = "permission:deleted"
