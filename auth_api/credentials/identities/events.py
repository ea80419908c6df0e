"""Events of identities in the security history."""

from auth_api.events.audit.events import EventTag


class IdentityEvent(EventTag):
    """Changes of the accounts at providers that are linked to a user."""

    IDENTITY_LINKED = "identity:linked"
    IDENTITY_UNLINKED = "identity:unlinked"
