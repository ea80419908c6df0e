"""The mail that verifies an e-mail address."""

from pathlib import Path
from typing import Final

from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose


async def draft_email_verification(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Send the link to the user's e-mail address, unless it is already verified or the account is disabled."""
    user = await services.find_user(item)
    if user is None or not user.is_active or user.email_verified_at is not None:
        return None
    token = await services.issue_token(item, Purpose.EMAIL_VERIFICATION, user.id, email=user.email)
    if token is None:
        return None
    return Draft.for_unverified(user.email, token=token, locale=user.locale)


EMAIL_VERIFICATION: Final = MailKind(
    name="email_verification",
    templates=Path(__file__).parent / "templates",
    draft=draft_email_verification,
    path="/account/verify-email",
    purpose=Purpose.EMAIL_VERIFICATION,
)

MAIL_KINDS: Final = (EMAIL_VERIFICATION,)
