"""The mails of a registration that waits for its e-mail address to be verified."""

from pathlib import Path
from typing import Final

from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.users.identifiers import CanonicalEmail

_TEMPLATES: Final = Path(__file__).parent / "templates"


async def draft_registration(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link that creates the account; if a user has the e-mail address, tell that user instead."""
    if await services.email_ownership.find_by_email(CanonicalEmail(item.email or "")) is not None:
        return await draft_registration_attempt(item, services)
    token = await services.assign_token(item, item.parameters["token_id"], Purpose.REGISTRATION)
    if token is None:
        return None
    return Draft.for_unverified(item.email or "", token=token, locale=None)


async def draft_registration_attempt(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Tell the user who has the e-mail address about the registration, with a link to set a new password."""
    owner = await services.email_ownership.find_by_email(CanonicalEmail(item.email or ""))
    if owner is None or not owner.is_active:
        return None
    token = await services.issue_token(item, Purpose.PASSWORD_RESET, owner.id, email=owner.email)
    return Draft.for_user(owner, token=token, kind=REGISTRATION_ATTEMPT) if token is not None else None


REGISTRATION: Final = MailKind(
    name="registration",
    templates=_TEMPLATES,
    draft=draft_registration,
    path="/account/verify-email",
    purpose=Purpose.REGISTRATION,
)

REGISTRATION_ATTEMPT: Final = MailKind(
    name="registration_attempt",
    templates=_TEMPLATES,
    draft=draft_registration_attempt,
    path="/account/reset-password",
    purpose=Purpose.PASSWORD_RESET,
)

MAIL_KINDS: Final = (REGISTRATION, REGISTRATION_ATTEMPT)
