"""The mail about a password that was removed because second factors were guessed."""

from pathlib import Path
from typing import Final

from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose


async def draft_password_dropped(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send a link to set a new password, unless the account is disabled."""
    user = await services.find_user(item)
    if user is None or not user.is_active:
        return None
    token = await services.issue_token(item, Purpose.PASSWORD_RESET, user.id, email=user.email)
    return Draft.for_user(user, token=token) if token is not None else None


PASSWORD_DROPPED: Final = MailKind(
    name="password_dropped",
    templates=Path(__file__).parent / "templates",
    draft=draft_password_dropped,
    path="/account/reset-password",
    purpose=Purpose.PASSWORD_RESET,
    is_limited=False,
)
"""It is not limited, because the user cannot log in without it."""

MAIL_KINDS: Final = (PASSWORD_DROPPED,)
