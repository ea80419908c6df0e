"""Why can this person not log in?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from auth_api.credentials.passwords.service import PasswordService
from auth_api.events.audit.events import AuditEntry
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.clock import rfc3339
from auth_api.kit.pagination import PageRequest
from auth_api.sessions.principal import LiveSession
from auth_api.sessions.service import SessionService
from auth_api.throttling.failures import Failures
from auth_api.users.identifiers import parse_identifier
from auth_api.users.policy import VerificationPolicy
from auth_api.users.service import UserService
from auth_api.users.user import Credentials, User

LAST_EVENTS: Final = 20
MOST_SESSIONS: Final = 200


class Obstacle(msgspec.Struct, frozen=True):
    """Something that keeps a person from logging in with the right password."""

    code: str
    detail: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in a person's way, and what has happened lately. Without obstacles only the password can be wrong."""

    user: User | None
    obstacles: Sequence[Obstacle]
    failures: Sequence[Failures]
    sessions: Sequence[LiveSession] = ()
    events: Sequence[AuditEntry] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationService:
    """Looks at an account as a login does, and says what it sees."""

    users: UserService
    sessions: SessionService
    passwords: PasswordService
    audit: AuditTrail
    verification_policy: VerificationPolicy

    async def explain(self, name: str) -> Explanation:
        """Explain what happens to a login by this address or username."""
        typed = parse_identifier(email=None, username=name)
        found = await self.users.find_credentials(typed)
        throttle = self.passwords.throttle
        target = throttle.target(user_id=found.user.id if found else None, name=typed.text, address=None)
        failures = await throttle.failures(target)
        obstacles = [*self._of_account(found), *self._of_throttle(failures)]
        if found is None:
            return Explanation(user=None, obstacles=obstacles, failures=failures)
        sessions, _ = await self.sessions.list_live(found.user.id, PageRequest(MOST_SESSIONS))
        events, _ = await self.audit.history(found.user.id, PageRequest(LAST_EVENTS))
        return Explanation(user=found.user, obstacles=obstacles, failures=failures, sessions=sessions, events=events)

    def _of_account(self, found: Credentials | None) -> Iterator[Obstacle]:
        if found is None:
            yield Obstacle("no_such_account", "No account has this name or address.")
            return
        if not found.user.is_active:
            yield Obstacle("account_disabled", "The account is disabled.")
        if self.verification_policy.required and found.user.email_verified_at is None:
            yield Obstacle("email_not_verified", "The address has to be verified first.")
        if not self.passwords.hasher.is_usable(found.hashed_password):
            yield Obstacle("no_password", "The account has no password that could be right.")

    def _of_throttle(self, failures: Sequence[Failures]) -> Iterator[Obstacle]:
        if not self.passwords.throttle.policy.enabled:
            return
        for counted in failures:
            if counted.blocked_until is not None:
                where = counted.network or "networks that are new to the account"
                yield Obstacle(
                    "throttled",
                    f"{counted.count} wrong passwords: logins from {where} are refused "
                    f"until {rfc3339(counted.blocked_until)}.",
                )
