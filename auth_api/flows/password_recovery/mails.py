"""The mail of password recovery."""

from pathlib import Path
from typing import Final

from msgspec.structs import replace

from auth_api.events.audit.events import EventTag
from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose


async def draft_password_reset(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link to the user, if the account exists and is not disabled."""
    user = await services.find_user(item)
    if user is None or not user.is_active:
        return None
    if item.attempts == 1:
        await services.audit.record(
            EventTag.PASSWORD_RESET_REQUESTED, user_id=user.id, request_context=item.request_context
        )
    token = await services.issue_token(item, Purpose.PASSWORD_RESET, user.id, email=user.email)
    if token is None:
        return None
    return Draft.for_user(user, token=token)


PASSWORD_RESET: Final = MailKind(
    name="password_reset",
    templates=Path(__file__).parent / "templates",
    draft=draft_password_reset,
    path="/account/reset-password",
    purpose=Purpose.PASSWORD_RESET,
)

PASSWORD_RESET_AFTER_REVOCATION: Final = replace(PASSWORD_RESET, is_limited=False)
"""The same mail after the owner took the account back, which removed the password: a limit could lock the owner out."""

MAIL_KINDS: Final = (PASSWORD_RESET,)
