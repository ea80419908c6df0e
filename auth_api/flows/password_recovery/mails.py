"""The mails with a link to set a new password."""

from pathlib import Path
from typing import Final

from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.users.user import User

_TEMPLATES: Final = Path(__file__).parent / "templates"


async def draft_password_reset(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link to the user, if the account exists and is not disabled."""
    user = await services.find_user(item)
    if user is None or not user.is_active:
        return None
    if item.attempts == 1:
        await services.audit.record(
            PasswordEvent.PASSWORD_RESET_REQUESTED, user_id=user.id, request_context=item.request_context
        )
    return await _draft_with_token(item, services, user)


async def draft_account_recovered(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link to the user, unless the account is disabled."""
    user = await services.find_user(item)
    return await _draft_with_token(item, services, user) if user is not None and user.is_active else None


async def _draft_with_token(item: OutboxItem, services: DraftServices, user: User) -> Draft | None:
    token = await services.issue_token(item, Purpose.PASSWORD_RESET, user.id, email=user.email)
    return Draft.for_user(user, token=token) if token is not None else None


PASSWORD_RESET: Final = MailKind(
    name="password_reset",
    templates=_TEMPLATES,
    draft=draft_password_reset,
    path="/account/reset-password",
    purpose=Purpose.PASSWORD_RESET,
)

ACCOUNT_RECOVERED: Final = MailKind(
    name="account_recovered",
    templates=_TEMPLATES,
    draft=draft_account_recovered,
    path="/account/reset-password",
    purpose=Purpose.PASSWORD_RESET,
    is_limited=False,
)
"""After the owner took the account back, which removed the password: a limit could lock the owner out."""

MAIL_KINDS: Final = (PASSWORD_RESET, ACCOUNT_RECOVERED)
