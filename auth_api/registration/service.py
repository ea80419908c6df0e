"""Register: an account and its first session, or neither."""

from dataclasses import dataclass

from auth_api.audit.events import EventTag
from auth_api.audit.service import AuditTrail
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.origin import Origin
from auth_api.registration.metrics import REGISTRATIONS
from auth_api.sessions.schemas import TokenPair
from auth_api.sessions.service import SessionService
from auth_api.users.account import Account
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.service import UserService


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationService:
    """Opens accounts."""

    database: Database
    users: UserService
    sessions: SessionService
    audit: AuditTrail
    hasher: PasswordHasher

    async def register(
        self, *, email: CanonicalEmail, username: CanonicalUsername, password: str, origin: Origin
    ) -> tuple[Account, TokenPair]:
        """Open an account and log its owner in.

        Args:
            email: its address.
            username: its name.
            password: one that the password rules accept.
            origin: where the request came from.

        Raises:
            DuplicateEmailException: the address is taken.
            DuplicateUsernameException: the username is taken.
            ServerOverloadedException: too many hashes wait already.
        """
        hashed_password = await self.hasher.hash(password)  # no connection is held meanwhile

        async def work() -> tuple[Account, TokenPair]:
            account = await self.users.create(email=email, username=username, hashed_password=hashed_password)
            tokens = await self.sessions.open(account.id, at=account.created_at, origin=origin)
            await self.audit.record(EventTag.ACCOUNT_REGISTERED, user_id=account.id, origin=origin)
            return account, tokens

        try:
            opened = await self.database.transaction(work)
        except (DuplicateEmailException, DuplicateUsernameException):
            REGISTRATIONS["duplicate"].inc()
            raise
        REGISTRATIONS["succeeded"].inc()
        return opened

    async def create(self, *, email: CanonicalEmail, username: CanonicalUsername, password: str) -> Account:
        """Open an account for somebody else, without a session.

        Raises:
            DuplicateEmailException: the address is taken.
            DuplicateUsernameException: the username is taken.
        """
        hashed_password = await self.hasher.hash(password)

        async def work() -> Account:
            account = await self.users.create(email=email, username=username, hashed_password=hashed_password)
            await self.audit.record(EventTag.ACCOUNT_REGISTERED, user_id=account.id, origin=Origin(), by="command line")
            return account

        return await self.database.transaction(work)
