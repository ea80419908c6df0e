"""What the export of a user's data contains about mails."""

from typing import Annotated, Any, Final

import msgspec

from auth_api.events.outbox.service import Outbox
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.users.schemas import Timestamp
from auth_api.users.user import User

EXAMPLE_EXPORT: Final[dict[str, Any]] = {
    "mails": [
        {
            "template": "email_verification",
            "address": None,
            "attempts": 1,
            "created_at": "2026-02-19T10:30:45.123Z",
            "sent_at": "2026-02-19T10:30:46.000Z",
            "failed_at": None,
        }
    ],
}


class ExportedMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail, without its text."""

    template: str
    address: Annotated[str | None, msgspec.Meta(description="Null if the mail goes to the address of the account.")]
    attempts: int
    created_at: Timestamp
    sent_at: Timestamp | None
    failed_at: Timestamp | None


class MailsExport(msgspec.Struct, frozen=True, kw_only=True):
    """The mails to the user."""

    mails: list[ExportedMail]


async def export_mails(outbox: Outbox, user: User, limit: int) -> MailsExport:
    """Return sent, failed and waiting mails, without their texts."""
    return MailsExport(
        mails=[
            ExportedMail(
                template=mail.template,
                address=mail.address,
                attempts=mail.attempts,
                created_at=rfc3339(mail.created_at),
                sent_at=optional_rfc3339(mail.sent_at),
                failed_at=optional_rfc3339(mail.failed_at),
            )
            for mail in await outbox.list_records(user.id, email=user.email, limit=limit)
        ]
    )
