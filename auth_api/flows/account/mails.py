"""The mail about a deleted account."""

from pathlib import Path
from typing import Final

from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem


async def draft_account_deleted(item: OutboxItem, _services: DraftServices) -> Draft:
    """Draft the notice with the stored values only: the user no longer exists."""
    return Draft(
        recipient=item.email or "",
        username=item.parameters.get("username"),
        is_verified=True,  # otherwise it is not stored
        locale=item.parameters.get("locale"),
    )


ACCOUNT_DELETED: Final = MailKind(
    name="account_deleted", templates=Path(__file__).parent / "templates", draft=draft_account_deleted
)

MAIL_KINDS: Final = (ACCOUNT_DELETED,)
