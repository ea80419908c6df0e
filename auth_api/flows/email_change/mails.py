"""The mails of an e-mail change: to the new address before it, and to the old address after it."""

from pathlib import Path
from typing import Final

from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.users.identifiers import CanonicalEmail

_TEMPLATES: Final = Path(__file__).parent / "templates"


async def draft_email_change(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link to the new e-mail address, unless another user has it: then nothing is sent to anyone."""
    user = await services.find_user(item)
    new_email = CanonicalEmail(item.parameters["new_email"])
    if user is None or not user.is_active or await services.email_ownership.find_by_email(new_email) is not None:
        return None
    payload = {"email": new_email}
    if (administrator := item.parameters.get("requested_by")) is not None:
        payload["requested_by"] = administrator
    token = await services.issue_token(item, Purpose.EMAIL_CHANGE, user.id, **payload)
    if token is None:
        return None
    return Draft.for_unverified(new_email, token=token, locale=user.locale)


async def draft_email_changed(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link that undoes the change to the old e-mail address."""
    user = await services.find_user(item)
    if user is None or item.email is None:
        return None
    token = await services.issue_token(item, Purpose.EMAIL_UNDO, user.id, email=item.email)
    if token is None:
        return None
    return Draft.for_user(user, token=token, recipient=item.email)


EMAIL_CHANGE: Final = MailKind(
    name="email_change",
    templates=_TEMPLATES,
    draft=draft_email_change,
    path="/account/confirm-email",
    purpose=Purpose.EMAIL_CHANGE,
    is_revocable=True,
)

EMAIL_CHANGED: Final = MailKind(
    name="email_changed",
    templates=_TEMPLATES,
    draft=draft_email_changed,
    path="/account/undo-email",
    purpose=Purpose.EMAIL_UNDO,
    is_limited=False,
    is_revocable=True,
)

MAIL_KINDS: Final = (EMAIL_CHANGE, EMAIL_CHANGED)
