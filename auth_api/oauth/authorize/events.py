"""The event of authorizations in the security history."""

from auth_api.events.audit.events import EventTag


class AuthorizationEvent(EventTag):
    """An application got a code for an account. The detail `client` is the application."""

    AUTHORIZED = "oauth:authorized"
