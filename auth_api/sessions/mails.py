"""The mails about a reused refresh token and a deleted account, and the form of all security notices."""

from pathlib import Path
from typing import Final

from auth_api.events.outbox.kinds import Draft, DraftServices, MailKind, OutboxItem
from auth_api.one_time_tokens.purpose import Purpose

_TEMPLATES: Final = Path(__file__).parent / "templates"


async def draft_security_notice(item: OutboxItem, services: DraftServices) -> Draft | None:
    """Draft a notice to the user, with a token that ends all access to the account.

    Not to an unverified e-mail address: its owner may be a stranger, and the link would give them the account.
    """
    user = await services.find_user(item)
    if user is None or user.email_verified_at is None:
        return None
    token = await services.issue_token(item, Purpose.SESSION_REPORT, user.id, email=user.email)
    return Draft.for_user(user, token=token) if token is not None else None


def security_notice(name: str, templates: Path) -> MailKind:
    """Return a kind of mail that reports a change to the user, with a link that ends all access to the account."""
    return MailKind(
        name=name,
        templates=templates,
        draft=draft_security_notice,
        path="/account/report",
        purpose=Purpose.SESSION_REPORT,
        needs_verified_email=True,
    )


async def draft_account_deleted(item: OutboxItem, _services: DraftServices) -> Draft:
    """Draft the notice with the stored values only: the user no longer exists."""
    return Draft(
        recipient=item.email or "",
        username=item.parameters.get("username"),
        is_verified=True,  # otherwise it is not stored
        locale=item.parameters.get("locale"),
    )


TOKEN_REUSED: Final = security_notice("token_reused", _TEMPLATES)

ACCOUNT_DELETED: Final = MailKind(name="account_deleted", templates=_TEMPLATES, draft=draft_account_deleted)

MAIL_KINDS: Final = (TOKEN_REUSED, ACCOUNT_DELETED)
