"""Events of sessions in the security history."""

from auth_api.events.audit.events import EventTag


class SessionEvent(EventTag):
    """Ends of sessions, and their causes."""

    REFRESH_TOKEN_REUSED = "refresh_token:reused"  # noqa: S105 - an event, not a token
    SESSION_ENDED = "session:ended"
    SESSION_ENDED_AFTER_GUESSES = "session:ended_after_guesses"
    SESSION_EVICTED = "session:evicted"
    SESSION_LOGGED_OUT = "session:logged_out"
    SESSIONS_ENDED = "sessions:ended"
    SESSIONS_LOGGED_OUT = "sessions:logged_out_everywhere"
    SESSIONS_REPORTED = "sessions:reported"
