"""Render mails without an outbox."""

from datetime import UTC, datetime
from email.headerregistry import Address
from pathlib import Path

from auth_api.events.outbox.kinds import Draft, MailKind, OutboxItem
from auth_api.events.outbox.rendering import Renderer
from auth_api.features import MAIL_KINDS
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.request_context import RequestContext

TOKEN = "ot_0bW9u2kq1X7sZ4mVtYc8RrJ5hPnLdEaQfG3iKx6oTyA"
FRONTEND = "https://app.example.com"
SENDER = Address("Example <b>", addr_spec="no-reply@example.com")

ITEM = OutboxItem(
    id=7,
    kind_name="password_reset",
    user_id=1,
    email=None,
    parameters={},
    request_context=RequestContext(client_ip="203.0.113.7", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"),
    attempts=1,
    created_at=datetime(2026, 2, 19, 10, 30, 45, 123456, tzinfo=UTC),
    age_seconds=0,
)


def renderer(templates: Path | None = None) -> Renderer:
    policy = MailPolicy(
        folder="mail", sender=SENDER, frontend_url=FRONTEND, templates=str(templates) if templates else None
    )
    return Renderer(policy, MAIL_KINDS)


def render(  # noqa: PLR0913 - each value of a mail
    kind: MailKind = PASSWORD_RESET,
    *,
    templates: Path | None = None,
    item: OutboxItem = ITEM,
    locale: str | None = None,
    username: str | None = "ada",
    is_verified: bool = True,
) -> Message:
    """Render a mail to Ada, with a token if the kind has one."""
    draft = Draft(
        recipient="ada@example.com",
        username=username,
        is_verified=is_verified,
        locale=locale,
        token=TOKEN if kind.path else None,
    )
    return renderer(templates).render(kind, item, draft)
