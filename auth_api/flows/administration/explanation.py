"""Explain why a user cannot log in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.service import Identities
from auth_api.events.audit.events import AuditEntry
from auth_api.events.audit.service import AuditTrail
from auth_api.kit.clock import rfc3339
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.pagination import PageRequest
from auth_api.roles.service import RoleService
from auth_api.sessions.principal import LiveSession
from auth_api.sessions.service import SessionService
from auth_api.sign_in.policy import MfaPolicy
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.throttling.account_throttle import AccountThrottle
from auth_api.throttling.failures import FailedAttempts
from auth_api.users.identifiers import parse_identifier
from auth_api.users.policy import VerificationPolicy
from auth_api.users.service import UserService
from auth_api.users.user import Credentials, User

MAX_EVENTS: Final = 20
MAX_SESSIONS: Final = 200
"""The largest value of SESSIONS_PER_ACCOUNT."""


class Obstacle(msgspec.Struct, frozen=True):
    """A reason why a login with the right password is refused.

    Attributes:
        code: for programs.
        detail: for people.
        until: the end of a wait, RFC 3339; None if the reason does not end by itself.
    """

    code: str
    detail: str
    until: str | None = None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """State of a user as far as it matters for logging in.

    Attributes:
        user: None if no user has the name.
        obstacles: if there are none, only the password can be wrong.
        failures: failed logins that still count.
        sessions: live sessions, newest first.
        events: most recent events, newest first.
        roles: the names of the user's roles, sorted.
        identities: the accounts at providers of the user, newest first.
        unconfigured_providers: those of these providers that `PROVIDERS` does not list.
        role_providers: those that a provider of logins grants, each with its id.
    """

    user: User | None
    obstacles: Sequence[Obstacle]
    failures: Sequence[FailedAttempts]
    sessions: Sequence[LiveSession] = ()
    events: Sequence[AuditEntry] = ()
    roles: Sequence[str] = ()
    identities: Sequence[Identity] = ()
    unconfigured_providers: frozenset[str] = frozenset()
    role_providers: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationService:
    """Checks a user as a login does, without a password and without counting a failure."""

    users: UserService
    sessions: SessionService
    throttle: AccountThrottle
    audit: AuditTrail
    verification_policy: VerificationPolicy
    mfa_policy: MfaPolicy
    second_factors: SecondFactors
    roles: RoleService
    identities: Identities

    async def explain(self, name: str) -> Explanation:
        """Explain what happens to a login with this username or e-mail address."""
        identifier = parse_identifier(email=None, username=name)
        return await self._explain(identifier.text, await self.users.find_credentials(identifier))

    async def explain_user(self, user_id: int) -> Explanation:
        """Explain what happens to a login of this user.

        Raises:
            UserNotFoundException: the user does not exist.
        """
        found = await self.users.get_credentials(user_id)
        return await self._explain(found.user.username, found)

    async def _explain(self, identifier: str, found: Credentials | None) -> Explanation:
        keys = self.throttle.keys(user_id=found.user.id if found else None, identifier=identifier, client_ip=None)
        failures = await self.throttle.failures(keys)
        obstacles = [*self._user_obstacles(found), *self._throttle_obstacles(failures, "passwords")]
        if found is not None and (found.user.two_step_since is not None or self.mfa_policy.requires(found)):
            obstacles += await self._second_factor_obstacles(found.user)
        if found is None:
            return Explanation(user=None, obstacles=obstacles, failures=failures)
        sessions, _ = await self.sessions.list_live(found.user.id, PageRequest(MAX_SESSIONS))
        events, _ = await self.audit.history(found.user.id, PageRequest(MAX_EVENTS))
        identities = await self.identities.of_user(found.user.id)
        return Explanation(
            user=found.user,
            obstacles=obstacles,
            failures=failures,
            sessions=sessions,
            events=events,
            roles=(await self.roles.names_of([found.user.id]))[found.user.id],
            identities=identities,
            unconfigured_providers=frozenset(
                each.provider for each in identities if not self.identities.is_usable(each)
            ),
            role_providers=await self.roles.providers_of(found.user.id),
        )

    def _user_obstacles(self, found: Credentials | None) -> Iterator[Obstacle]:
        if found is None:
            yield Obstacle("no_such_account", "No user has this username or e-mail address.")
            return
        if not found.user.is_active:
            yield Obstacle("account_disabled", "The user is disabled.")
        if self.verification_policy.required and found.user.email_verified_at is None:
            yield Obstacle("email_not_verified", "The e-mail address is not verified.")
        if not PasswordHasher.is_usable(found.hashed_password):
            yield Obstacle("no_password", "The user has no password.")

    async def _second_factor_obstacles(self, user: User) -> list[Obstacle]:
        factors = await self.second_factors.of_user(user.id)
        if user.two_step_since is None and not factors.has_any:
            policy = f"MFA_POLICY={self.mfa_policy.requirement}"
            detail = f"After the first step, the user must add a second factor, because of {policy}."
            return [Obstacle("enrolment_required", detail)]
        usable = factors.usable
        if not usable:
            detail = "The user must prove a second factor, and none of those that were added can be used."
            return [Obstacle("no_usable_factor", f"{detail} To remove them: auth-api users reset-factors.")]
        failures = await self.throttle.failures(AccountThrottle.second_factor_keys(user.id, client_ip=None))
        detail = f"After the first step, the user must prove one of: {', '.join(usable)}."
        return [
            Obstacle("second_factor_required", detail),
            *self._throttle_obstacles(failures, "codes"),
        ]

    def _throttle_obstacles(self, failures: Sequence[FailedAttempts], guessed: str) -> Iterator[Obstacle]:
        if not self.throttle.policy.enabled:
            return
        for counted in failures:
            if counted.blocked_until is not None:
                origin = counted.network or "networks that the user has not used recently"
                until = rfc3339(counted.blocked_until)
                detail = f"After {counted.count} wrong {guessed}, logins from {origin} are refused until {until}."
                yield Obstacle("throttled", detail, until)
