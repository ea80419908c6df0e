"""Decide to which account a proof by a provider belongs."""

import re
import secrets
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import msgspec

from auth_api.credentials.identities.identity import Identity
from auth_api.credentials.identities.service import Identities
from auth_api.credentials.identities.upstream_email import proven_email, stated_email
from auth_api.credentials.providers.provider import UpstreamIdentity
from auth_api.credentials.providers.service import Providers
from auth_api.events.outbox.service import Outbox
from auth_api.flows.federation.errors import SuggestedProfile
from auth_api.kit.errors import ValidationException
from auth_api.roles.service import RoleService
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.identifiers import (
    MAX_USERNAME_LENGTH,
    CanonicalEmail,
    CanonicalUsername,
    Identifier,
    new_username,
)
from auth_api.users.policy import RegistrationPolicy
from auth_api.users.service import UserService
from auth_api.users.user import User

_OTHER_CHARACTERS: Final = re.compile(r"[^a-z0-9_.-]")

_DIGITS: Final = 4
_TRIES: Final = 3


class LostRaceError(Exception):
    """Another request has changed the account since the decision."""


class AccountCase(Enum):
    """Whose account it is."""

    LINKED = auto()
    """That of a linked identity."""
    OF_ADDRESS = auto()
    """That of the proven address. Its user logs in as before, and then links the identity."""
    CLAIMABLE = auto()
    """That of the proven address, which was never verified. Another person may have registered it."""
    NONE = auto()
    """There is none. The person may register."""
    CLOSED = auto()
    """There is none, and the person may not register."""


class AccountDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A case, with the identity of `LINKED`, or the account of `OF_ADDRESS` and `CLAIMABLE`."""

    case: AccountCase
    identity: Identity | None = None
    account: User | None = None

    @property
    def user_id(self) -> int:
        """The user; 0 if there is none."""
        if self.identity is not None:
            return self.identity.user_id
        return 0 if self.account is None else self.account.id


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDecisions:
    """Reads which account a proof belongs to. Nothing is locked, so the caller decides again after a lost race.

    Only issuer and subject identify a person. An address counts only if it is proven: a stranger may state any other.
    """

    users: UserService
    email_ownership: EmailOwnership
    identities: Identities
    providers: Providers
    second_factors: SecondFactors
    roles: RoleService
    outbox: Outbox
    registration_policy: RegistrationPolicy

    async def decide(self, upstream: UpstreamIdentity) -> AccountDecision:
        """Return whose account it is."""
        if (identity := await self.identities.find(upstream)) is not None:
            return AccountDecision(case=AccountCase.LINKED, identity=identity)
        email = proven_email(upstream)
        is_open = self.is_open_to(upstream, email)
        account = await self.email_ownership.find_by_email(email) if email is not None else None
        if account is not None:
            if account.email_verified_at is not None or await self._stays(account):
                return AccountDecision(case=AccountCase.OF_ADDRESS, account=account)
            if is_open and await self.roles.is_claimable(account):
                return AccountDecision(case=AccountCase.CLAIMABLE, account=account)
        return AccountDecision(case=AccountCase.NONE if is_open else AccountCase.CLOSED)

    async def is_still(self, decision: AccountDecision, account: User) -> bool:
        """Return whether a decision on the account of an address still holds, now that its row is locked."""
        if decision.account is None or account.email != decision.account.email:
            return False
        if decision.case is AccountCase.CLAIMABLE:
            return not await self._stays(account) and await self.roles.is_claimable(account)
        return account.email_verified_at is not None or await self._stays(account)

    def is_open_to(self, upstream: UpstreamIdentity, email: CanonicalEmail | None) -> bool:
        """Return whether a person may register with this address, which must be proven if the provider has domains."""
        settings = self.providers.find(upstream.provider).settings
        if not (settings.sign_up and self.registration_policy.is_open):
            return False
        is_proven = email is not None and email == proven_email(upstream)
        return not settings.email_domains or (is_proven and (email or "").rpartition("@")[2] in settings.email_domains)

    async def suggested(self, upstream: UpstreamIdentity) -> SuggestedProfile:
        """Return what a form for the registration begins with. Nothing of it is reserved."""
        return SuggestedProfile(
            username=await self._free_username(upstream.username or (upstream.email or "").partition("@")[0]),
            email=stated_email(upstream),
            email_verified=proven_email(upstream) is not None,
            name=upstream.name,
        )

    async def _stays(self, account: User) -> bool:
        """Return whether an unverified account stays with its user: it has a factor, or mail proves no addresses."""
        return not self.outbox.is_on or (await self.second_factors.of_user(account.id)).has_any

    async def _free_username(self, stated: str) -> CanonicalUsername | None:
        base = _OTHER_CHARACTERS.sub("-", stated.lower())[:MAX_USERNAME_LENGTH].strip("-_.")
        if not base:
            return None
        digits = (f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}" for _ in range(_TRIES))
        for candidate in (base, *(base[: MAX_USERNAME_LENGTH - _DIGITS] + each for each in digits)):
            try:
                username = new_username(candidate)
            except ValidationException:
                continue
            if await self.users.find_credentials(Identifier(username, username=username)) is None:
                return username
        return None
