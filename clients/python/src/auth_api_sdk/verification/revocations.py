"""Which tokens were revoked before they expired: the union of all responses of the revocation feed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from auth_api_sdk.principal import Principal
from auth_api_sdk.verification.claims import EXPIRED, REVOKED

POLL_SECONDS: Final = 5.0
FULL_SECONDS: Final = 240.0
"""After this time, the whole feed is read again; the server allows 300 s."""

STALE_SECONDS: Final = 60.0
MAX_ENTRIES: Final = 5000
"""A response has at most this number of sessions and of subjects."""


@dataclass(slots=True)
class Revocations:
    """Revoked sessions and subjects. Times are seconds of a clock that never goes back, except those of tokens."""

    _as_of: str | None = None
    _read_at: float | None = None
    _next_full: float = 0.0
    _sessions: dict[str, float] = field(default_factory=dict)
    _subjects: dict[str, tuple[float, float]] = field(default_factory=dict)
    _all_issued_before: float = 0.0

    @property
    def is_known(self) -> bool:
        """Whether the feed was ever read."""
        return self._read_at is not None

    def since(self, now: float) -> str | None:
        """Return what the next request asks for: changes since a time, or None for everything."""
        return None if now >= self._next_full else self._as_of

    def is_stale(self, now: float) -> bool:
        """Return whether the last response is older than a minute, or there is none."""
        return self._read_at is None or now > self._read_at + STALE_SECONDS

    def mark_stale(self) -> None:
        """Behave as if the feed had not been read for a minute."""
        self._read_at = float("-inf")

    def add(self, document: Any, now: float, *, is_full: bool) -> None:
        """Add a response.

        Args:
            document: the response.
            now: the time.
            is_full: whether everything was asked for.

        Raises:
            Exception: it is not a response of the feed; of various classes.
        """
        as_of, forget_at = document["as_of"], now + float(document["window_seconds"])
        sessions = [str(each) for each in document["sessions"]]
        subjects = [(str(each["sub"]), _seconds(each["issued_before"])) for each in document["subjects"]]
        oldest = _seconds(document["all_issued_before"] or "1970-01-01T00:00:00Z")
        if len(sessions) > MAX_ENTRIES or len(subjects) > MAX_ENTRIES:
            sessions, subjects, oldest = [], [], _seconds(as_of)
        self._all_issued_before = max(self._all_issued_before, oldest)
        known = {sid: until for sid, until in self._sessions.items() if until > now} if is_full else self._sessions
        self._sessions = {**known, **dict.fromkeys(sessions, forget_at)}
        revoked = {sub: each for sub, each in self._subjects.items() if each[1] > now} if is_full else self._subjects
        newer = {sub: (max(before, revoked.get(sub, (0.0, 0.0))[0]), forget_at) for sub, before in subjects}
        self._subjects = {**revoked, **newer}
        self._as_of, self._read_at = as_of, now
        if is_full:
            self._next_full = now + FULL_SECONDS

    def refusal(self, principal: Principal) -> str | None:
        """Return the code by which the token of a session is refused; None if it was not revoked."""
        if principal.kind != "session":
            return None
        if principal.session_id in self._sessions:
            return REVOKED
        issued_before = max(self._all_issued_before, self._subjects.get(principal.subject, (0.0, 0.0))[0])
        return EXPIRED if principal.claims["iat"] < issued_before else None


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
