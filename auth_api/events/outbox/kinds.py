"""Kinds of mail: each is owned by the package that sends it and registered with the outbox."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from auth_api.events.audit.service import AuditTrail
from auth_api.kit.crypto.tokens import ONE_TIME_TOKEN, MailTokenDerivation, OpaqueToken, SecretKind
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.users.email_ownership import EmailOwnership
from auth_api.users.identifiers import CanonicalEmail
from auth_api.users.user import User


class OutboxItem(msgspec.Struct, frozen=True, kw_only=True):
    """A stored mail that this process has claimed for sending.

    Attributes:
        id: of the row.
        kind_name: the `MailKind.name` that was stored.
        user_id: the user the mail is about; None if only an e-mail address is known.
        email: the recipient, or the address to look the user up by; None for the user's current address.
        salt: what the token is derived from, beside the id; empty in mails that an earlier version stored.
        parameters: values for the draft and the templates.
        request_context: the request that caused the mail.
        attempts: number of attempts to send it, including the current one.
        created_at: when it was stored, on the database's clock, in UTC.
        age_seconds: time since then.
    """

    id: int
    kind_name: str
    user_id: int | None
    email: str | None
    salt: str = ""
    parameters: dict[str, Any]
    request_context: RequestContext
    attempts: int
    created_at: datetime
    age_seconds: float


class MailRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored about a mail, without its text.

    Attributes:
        template: the `MailKind.name` that was stored.
        address: the recipient; None for the user's current e-mail address.
        attempts: number of attempts to send it.
        created_at: when it was stored.
        sent_at: when a mail server accepted it.
        failed_at: when the last attempt failed.
    """

    template: str
    address: str | None
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    failed_at: datetime | None


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """The recipient and the token of a mail, decided right before it is sent.

    Attributes:
        recipient: e-mail address.
        username: for the greeting; None greets without a name.
        is_verified: whether the recipient has verified the address. If not, it may belong to a stranger, and the mail
            must contain nothing that a client has chosen.
        locale: BCP 47 language tags in order of preference, separated by commas; None for those of the request.
        token: goes into the link; None for a mail without a token.
        kind: the kind to send instead of the stored one; None for the stored one.
        parameters: values for the templates, beside those that were stored with the mail.
    """

    recipient: str
    username: str | None
    is_verified: bool
    locale: str | None
    token: str | None = None
    kind: "MailKind | None" = None
    parameters: dict[str, Any] = {}

    def __repr__(self) -> str:
        """Leave the token out."""
        return "Draft()"

    @classmethod
    def for_user(
        cls, user: User, *, token: str | None = None, recipient: str | None = None, kind: "MailKind | None" = None
    ) -> "Draft":
        """Return a mail to a user, at their current e-mail address unless `recipient` is another, verified one."""
        return cls(
            recipient=recipient or user.email,
            username=user.username,
            is_verified=recipient is not None or user.email_verified_at is not None,
            locale=user.locale,
            token=token,
            kind=kind,
        )

    @classmethod
    def for_unverified(cls, email: str, *, token: str, locale: str | None) -> "Draft":
        """Return a mail to an address that may belong to a stranger."""
        return cls(recipient=email, username=None, is_verified=False, locale=locale, token=token)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftServices:
    """The services that kinds of mail draft with."""

    email_ownership: EmailOwnership
    tokens: OneTimeTokens
    token_derivation: MailTokenDerivation
    audit: AuditTrail

    async def find_user(self, item: OutboxItem) -> User | None:
        """Return the user of a stored mail, by id or, without one, by e-mail address, and lock the user's row."""
        if item.user_id is not None:
            return await self.email_ownership.find(item.user_id)  # `Delivery` has locked it
        found = await self.email_ownership.find_by_email(CanonicalEmail(item.email or ""))
        return await self.email_ownership.lock(found.id) if found is not None else None

    async def issue_token(self, item: OutboxItem, purpose: Purpose, user_id: int, **payload: object) -> str | None:
        """Return the token of a stored mail, the same at each attempt to send it.

        A mail server may have accepted the mail although the attempt failed: then the link in it must still work.

        Returns:
            None if the token of an earlier attempt has been used or revoked: the mail is not needed any longer.
        """
        return await self.tokens.issue_derived(self.derive_tokens(item, purpose), purpose, user_id, **payload)

    async def assign_token(self, item: OutboxItem, token_id: int, purpose: Purpose) -> str | None:
        """Return the token of a stored mail for values that belong to no user, as `issue_token` does."""
        return await self.tokens.assign(self.derive_tokens(item, purpose), token_id, purpose)

    def derive_tokens(self, item: OutboxItem, purpose: str, kind: SecretKind = ONE_TIME_TOKEN) -> list[OpaqueToken]:
        """Return the token of a stored mail that each derivation secret derives, newest secret first."""
        return self.token_derivation.candidates(number=item.id, salt=item.salt, purpose=purpose, kind=kind)


class MailKind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of mail.

    Attributes:
        name: stored with each mail, and the file name of its templates. Never rename it: stored mails would be lost.
        templates: folder with one folder of templates per language.
        draft: decides whether and to whom the mail is sent, and gets its token from `DraftServices`. Runs in a
            transaction right before sending; returns None if the mail is not to be sent.
        path: page below FRONTEND_URL that the link opens. Public API: frontends have pages there. None without a token.
        purpose: of the one-time token; None without a token, and for a token that the package stores itself.
        needs_verified_email: whether the mail is dropped if the user has not verified the e-mail address.
        is_limited: whether the mails per recipient and hour are limited. Not for mails with which users take their
            account back: an attacker must not be able to use the limit up.
        is_revocable: whether unsent mails are withdrawn when all access to the account is revoked, because their token
            goes to another mailbox than the user's current one.
    """

    name: str
    templates: Path
    draft: Callable[[OutboxItem, DraftServices], Awaitable[Draft | None]]
    path: str | None = None
    purpose: Purpose | None = None
    needs_verified_email: bool = False
    is_limited: bool = True
    is_revocable: bool = False
