"""Events of grants in the security history."""

from auth_api.events.audit.events import EventTag


class GrantEvent(EventTag):
    """Ends of the access that applications have. The detail `client` is the application."""

    OAUTH_CODE_REUSED = "oauth:code_reused"
    OAUTH_GRANT_ENDED = "oauth:grant_ended"
    OAUTH_REFRESH_TOKEN_REUSED = "oauth:refresh_token_reused"  # noqa: S105 - an event, not a token
