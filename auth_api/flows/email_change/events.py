"""Events of e-mail changes in the security history."""

from auth_api.events.audit.events import EventTag


class EmailChangeEvent(EventTag):
    """Steps of an e-mail change."""

    EMAIL_CHANGED = "email:changed"
    EMAIL_CHANGE_UNDONE = "email:change_undone"
