"""Register: an account and its first session, or neither."""

from dataclasses import dataclass

import msgspec

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.letters import Letter
from auth_api.events.outbox.service import Outbox
from auth_api.flows.registration.metrics import REGISTRATIONS
from auth_api.kit.crypto.passwords import PasswordHasher
from auth_api.kit.db.database import Database
from auth_api.kit.request_context import Origin
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.sessions.schemas import TokenPair
from auth_api.sessions.service import SessionService
from auth_api.throttling.mails import MailLimits
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException
from auth_api.users.identifiers import CanonicalEmail, CanonicalUsername
from auth_api.users.policy import MailboxPolicy
from auth_api.users.service import UserService
from auth_api.users.user import Account


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What registering has brought.

    Attributes:
        account: None where nothing becomes an account before the mailbox is proved.
        tokens: None where nobody logs in before that.
    """

    account: Account | None = None
    tokens: TokenPair | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationService:
    """Opens accounts."""

    database: Database
    users: UserService
    sessions: SessionService
    audit: AuditTrail
    hasher: PasswordHasher
    tokens: OneTimeTokens
    outbox: Outbox
    mail_limits: MailLimits
    mailboxes: MailboxPolicy

    async def register(
        self, *, email: CanonicalEmail, username: CanonicalUsername, password: str, origin: Origin
    ) -> Registration:
        """Open an account, mail its owner a link that verifies the address, and log in, as far as the policy allows.

        Args:
            email: its address.
            username: its name.
            password: one that the password rules accept.
            origin: where the request came from.

        Raises:
            DuplicateEmailException: the address is taken; never where an account begins with a proof of the mailbox.
            DuplicateUsernameException: the username is taken; never there, either.
            ServerOverloadedException: too many hashes wait already.
        """
        hashed_password = await self.hasher.hash(password)  # no connection is held meanwhile
        if self.mailboxes.before_account:
            await self._lay_down(email, username, hashed_password, origin)
            REGISTRATIONS["waiting"].inc()
            return Registration()

        async def work() -> Registration:
            account = await self.users.create(
                email=email, username=username, hashed_password=hashed_password, locale=origin.language
            )
            await self.audit.record(EventTag.ACCOUNT_REGISTERED, user_id=account.id, origin=origin)
            await self.outbox.to_account(Letter.EMAIL_VERIFICATION, account.id, origin)
            if self.mailboxes.required:
                return Registration(account=account)
            opened = await self.sessions.open(account.id, at=account.created_at, origin=origin)
            return Registration(account=account, tokens=opened.tokens)

        try:
            made = await self.database.transaction(work)
        except (DuplicateEmailException, DuplicateUsernameException):
            REGISTRATIONS["duplicate"].inc()
            raise
        REGISTRATIONS["succeeded"].inc()
        return made

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

    async def _lay_down(
        self, email: CanonicalEmail, username: CanonicalUsername, hashed_password: str, origin: Origin
    ) -> None:
        """Keep what was asked for until the mailbox is proved; the same rows whether the address has an owner or not.

        The outbox finds that out.
        """
        if not await self.mail_limits.allow(Letter.REGISTRATION, email):
            return
        wanted = {"email": email, "username": username, "hashed_password": hashed_password, "locale": origin.language}

        async def work() -> None:
            token_id = await self.tokens.lay_down(Purpose.REGISTRATION, **wanted)
            await self.outbox.to_address(Letter.REGISTRATION, email, origin, token_id=token_id)

        await self.database.transaction(work)
