"""Decides, at the moment of sending, who gets a mail and with which token."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from auth_api.events.audit.events import EventTag
from auth_api.events.audit.service import AuditTrail
from auth_api.events.outbox.letters import Draft, Errand, Letter
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.users.email_ownership import Mailboxes
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.user import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafts:
    """Called inside a transaction: the token is kept, or the mail is not sent."""

    mailboxes: Mailboxes
    tokens: OneTimeTokens
    audit: AuditTrail

    async def draft(self, errand: Errand) -> Draft | None:
        """Return what to send. None if there is nobody (any more) who should get it."""
        drawn: dict[Letter, Callable[[Errand], Awaitable[Draft | None]]] = {
            Letter.PASSWORD_RESET: self._password_reset,
            Letter.EMAIL_VERIFICATION: self._email_verification,
            Letter.EMAIL_CHANGE: self._email_change,
            Letter.EMAIL_CHANGED: self._email_changed,
            Letter.REGISTRATION: self._registration,
            Letter.ACCOUNT_DELETED: self._account_deleted,
        }
        return await drawn.get(errand.letter, self._notice)(errand)

    async def _password_reset(self, errand: Errand) -> Draft | None:
        account = await self._account(errand)
        if account is None or not account.is_active:
            return None
        if errand.attempts == 1:
            await self.audit.record(EventTag.PASSWORD_RESET_REQUESTED, user_id=account.id, origin=errand.origin)
        return self._to(
            account, errand.letter, await self.tokens.mint(Purpose.PASSWORD_RESET, account.id, email=account.email)
        )

    async def _email_verification(self, errand: Errand) -> Draft | None:
        account = await self._account(errand)
        if account is None or not account.is_active or account.email_verified_at is not None:
            return None
        token = await self.tokens.mint(Purpose.EMAIL_VERIFICATION, account.id, email=account.email)
        return self._to_stranger(account.email, errand.letter, token, locale=account.locale)

    async def _email_change(self, errand: Errand) -> Draft | None:
        """The new address gets it; if it is somebody's already, nobody does, and nobody learns of it."""
        account = await self._account(errand)
        new_email = CanonicalEmail(errand.parameters["new_email"])
        if account is None or not account.is_active or await self.mailboxes.owner_of(new_email) is not None:
            return None
        token = await self.tokens.mint(Purpose.EMAIL_CHANGE, account.id, email=new_email)
        return self._to_stranger(new_email, errand.letter, token, locale=account.locale)

    async def _email_changed(self, errand: Errand) -> Draft | None:
        """The old address gets it, with the way back."""
        account = await self._account(errand)
        if account is None or errand.address is None:
            return None
        token = await self.tokens.mint(Purpose.EMAIL_UNDO, account.id, email=errand.address)
        return self._to(account, errand.letter, token, recipient=errand.address)

    async def _registration(self, errand: Errand) -> Draft | None:
        """Whoever owns the address already is told so; a new owner gets the link that makes the account."""
        address = CanonicalEmail(errand.address or "")
        if (owner := await self.mailboxes.owner_of(address)) is not None:
            return self._to(owner, Letter.REGISTRATION_ATTEMPT, None)
        token = await self.tokens.renew(errand.parameters["token_id"], Purpose.REGISTRATION)
        if token is None:
            return None
        return self._to_stranger(address, errand.letter, token, locale=None)

    async def _account_deleted(self, errand: Errand) -> Draft | None:
        """The account is gone: all that is known stands in the errand."""
        name, locale = errand.parameters.get("username"), errand.parameters.get("locale")
        return Draft(letter=errand.letter, recipient=errand.address or "", username=name, locale=locale, token=None)

    async def _notice(self, errand: Errand) -> Draft | None:
        account = await self._account(errand)
        if account is None:
            return None
        token = await self.tokens.mint(Purpose.SESSION_REPORT, account.id, email=account.email)
        return self._to(account, errand.letter, token)

    async def _account(self, errand: Errand) -> Account | None:
        if errand.user_id is not None:
            return await self.mailboxes.find(errand.user_id)
        return await self.mailboxes.owner_of(CanonicalEmail(errand.address or ""))

    @staticmethod
    def _to_stranger(address: str, letter: Letter, token: str, *, locale: str | None) -> Draft:
        """Write to somebody who may never have asked: nothing that was typed goes along, or spam could be sent so."""
        return Draft(letter=letter, recipient=address, username=None, locale=locale, token=token)

    @staticmethod
    def _to(account: Account, letter: Letter, token: str | None, *, recipient: str | None = None) -> Draft:
        return Draft(
            letter=letter,
            recipient=recipient or account.email,
            username=account.username,
            locale=account.locale,
            token=token,
        )
