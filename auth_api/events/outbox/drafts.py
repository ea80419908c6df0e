"""Decides, at the moment of sending, who gets a mail and with which token."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.letters import Draft, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.user import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Called inside a transaction: the token is kept, or the mail is not sent."""

    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    audit: AuditTrail

    async def draft(self, item: OutboxItem) -> Draft | None:
        """Return what to send. None if there is nobody (any more) who should get it."""
        drawn: dict[MailKind, Callable[[OutboxItem], Awaitable[Draft | None]]] = {
            MailKind.PASSWORD_RESET: self._password_reset,
            MailKind.EMAIL_VERIFICATION: self._email_verification,
            MailKind.EMAIL_CHANGE: self._email_change,
            MailKind.EMAIL_CHANGED: self._email_changed,
            MailKind.REGISTRATION: self._registration,
            MailKind.ACCOUNT_DELETED: self._account_deleted,
        }
        return await drawn.get(item.mail_kind, self._notice)(item)

    async def _password_reset(self, item: OutboxItem) -> Draft | None:
        user = await self._account(item)
        if user is None or not user.is_active:
            return None
        if item.attempts == 1:
            await self.audit.record(
                EventTag.PASSWORD_RESET_REQUESTED, user_id=user.id, request_context=item.request_context
            )
        return self._to(user, item.mail_kind, await self.tokens.mint(Purpose.PASSWORD_RESET, user.id, email=user.email))

    async def _email_verification(self, item: OutboxItem) -> Draft | None:
        user = await self._account(item)
        if user is None or not user.is_active or user.email_verified_at is not None:
            return None
        token = await self.tokens.mint(Purpose.EMAIL_VERIFICATION, user.id, email=user.email)
        return self._to_stranger(user.email, item.mail_kind, token, locale=user.locale)

    async def _email_change(self, item: OutboxItem) -> Draft | None:
        """The new address gets it; if it is somebody's already, nobody does, and nobody learns of it."""
        user = await self._account(item)
        new_email = CanonicalEmail(item.parameters["new_email"])
        if user is None or not user.is_active or await self.email_ownership.owner_of(new_email) is not None:
            return None
        token = await self.tokens.mint(Purpose.EMAIL_CHANGE, user.id, email=new_email)
        return self._to_stranger(new_email, item.mail_kind, token, locale=user.locale)

    async def _email_changed(self, item: OutboxItem) -> Draft | None:
        """The old address gets it, with the way back."""
        user = await self._account(item)
        if user is None or item.address is None:
            return None
        token = await self.tokens.mint(Purpose.EMAIL_UNDO, user.id, email=item.address)
        return self._to(user, item.mail_kind, token, recipient=item.address)

    async def _registration(self, item: OutboxItem) -> Draft | None:
        """Whoever owns the address already is told so; a new owner gets the link that makes the account."""
        address = CanonicalEmail(item.address or "")
        if (owner := await self.email_ownership.owner_of(address)) is not None:
            return self._to(owner, MailKind.REGISTRATION_ATTEMPT, None)
        token = await self.tokens.renew(item.parameters["token_id"], Purpose.REGISTRATION)
        if token is None:
            return None
        return self._to_stranger(address, item.mail_kind, token, locale=None)

    async def _account_deleted(self, item: OutboxItem) -> Draft | None:
        """The account is gone: all that is known stands in the errand."""
        name, locale = item.parameters.get("username"), item.parameters.get("locale")
        return Draft(mail_kind=item.mail_kind, recipient=item.address or "", username=name, locale=locale, token=None)

    async def _notice(self, item: OutboxItem) -> Draft | None:
        user = await self._account(item)
        if user is None:
            return None
        token = await self.tokens.mint(Purpose.SESSION_REPORT, user.id, email=user.email)
        return self._to(user, item.mail_kind, token)

    async def _account(self, item: OutboxItem) -> User | None:
        if item.user_id is not None:
            return await self.email_ownership.find(item.user_id)
        return await self.email_ownership.owner_of(CanonicalEmail(item.address or ""))

    @staticmethod
    def _to_stranger(address: str, mail_kind: MailKind, token: str, *, locale: str | None) -> Draft:
        """Write to somebody who may never have asked: nothing that was typed goes along, or spam could be sent so."""
        return Draft(mail_kind=mail_kind, recipient=address, username=None, locale=locale, token=token)

    @staticmethod
    def _to(user: User, mail_kind: MailKind, token: str | None, *, recipient: str | None = None) -> Draft:
        return Draft(
            mail_kind=mail_kind,
            recipient=recipient or user.email,
            username=user.username,
            locale=user.locale,
            token=token,
        )
