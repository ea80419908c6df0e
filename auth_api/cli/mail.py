"""Send a test mail: `auth-api mail`."""

import asyncio
import secrets
from pathlib import Path
from typing import Final

import click

from auth_api.cli.context import load_settings
from auth_api.doctor.mail import explain, place_of
from auth_api.kit.clock import utc_now
from auth_api.kit.mail.failures import MailError
from auth_api.kit.mail.folder import FolderMailer
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.mail.smtp import SmtpMailer
from auth_api.users.identifiers import canonical_email

TIMEOUT_SECONDS: Final = 60.0
"""For the whole exchange with the mail server."""

_TEXT: Final = "This is a test mail. {product} can send mail.\n"
_HTML: Final = (
    '<!doctype html><html lang="en"><title>Test</title><p>This is a test mail. Mail can be sent.</p></html>\n'
)


@click.group()
def mail() -> None:
    """Check that mail can be sent."""


@mail.command()
@click.argument("address")
def test(address: str) -> None:
    """Send a test mail to ADDRESS and report the result."""
    recipient = canonical_email(address)
    policy = load_settings().mail
    if not policy.is_on:
        message = "Mail is off. Set SMTP_URL (smtp://user:password@host:587) and MAIL_FROM."
        raise click.ClickException(message)
    try:
        asyncio.run(_send(policy, recipient))
    except (MailError, TimeoutError) as error:
        raise click.ClickException(explain(error, policy, recipient)) from None
    if policy.server is not None:
        click.echo(f"{place_of(policy.server)} accepted a mail from {policy.sender.addr_spec} to {recipient}.")
    else:
        click.echo(f"SMTP_URL is not set: the mail was written to {policy.folder}, and /dev/mailbox shows it.")


async def _send(policy: MailPolicy, recipient: str) -> None:
    message = Message(
        message_id=f"{utc_now():%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{policy.sender.domain}",
        recipient=recipient,
        subject=f"Test mail from {policy.product}",
        text=_TEXT.format(product=policy.product),
        html=_HTML,
    )
    if policy.server is not None:
        await asyncio.wait_for(SmtpMailer(policy.server, policy.sender).send(message), TIMEOUT_SECONDS)
    else:
        await FolderMailer(Path(policy.folder or "."), policy.sender).send(message)
