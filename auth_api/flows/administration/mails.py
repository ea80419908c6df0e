"""The mails about accounts that administrators create or change."""

from pathlib import Path
from typing import Final

from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.sessions.mails import security_notice

_TEMPLATES: Final = Path(__file__).parent / "templates"


async def draft_account_created(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link to set the first password, unless the account has been disabled or deleted."""
    user = await services.find_user(item)
    if user is None or not user.is_active:
        return None
    token = await services.issue_token(item, Purpose.PASSWORD_RESET, user.id, email=user.email)
    return Draft.for_user(user, token=token) if token is not None else None


ACCOUNT_CREATED: Final = MailKind(
    name="account_created",
    templates=_TEMPLATES,
    draft=draft_account_created,
    path="/account/reset-password",
    purpose=Purpose.PASSWORD_RESET,
)

USERNAME_CHANGED: Final = security_notice("username_changed", _TEMPLATES)

MAIL_KINDS: Final = (ACCOUNT_CREATED, USERNAME_CHANGED)
