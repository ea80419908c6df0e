"""The events of authorizations in the security history."""

from auth_api.events.audit.events import EventTag


class AuthorizationEvent(EventTag):
    """An application got a code for an account, or a device was allowed or refused. The detail `client` names it."""

    OAUTH_AUTHORIZED = "oauth:authorized"
    OAUTH_DEVICE_APPROVED = "oauth:device_approved"
    OAUTH_DEVICE_DENIED = "oauth:device_denied"
