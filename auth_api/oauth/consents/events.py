"""Events of consents in the security history."""

from auth_api.events.audit.events import EventTag


class ConsentEvent(EventTag):
    """Decisions of users about applications. The detail `client` is the application."""

    OAUTH_CONSENT_GRANTED = "oauth:consent_granted"
    OAUTH_CONSENT_DENIED = "oauth:consent_denied"
    OAUTH_CONSENT_WITHDRAWN = "oauth:consent_withdrawn"
