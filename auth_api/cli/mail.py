"""`auth-api mail`."""

import asyncio
import secrets
from pathlib import Path
from typing import Final

import click

from auth_api.cli.context import load_settings
from auth_api.kit.clock import utc_now
from auth_api.kit.mail.folder import FolderMailer
from auth_api.kit.mail.message import MailError, Message, Step
from auth_api.kit.mail.policy import MailPolicy, SmtpServer
from auth_api.kit.mail.smtp import SmtpMailer
from auth_api.users.identifiers import canonical_email

TIMEOUT: Final = 60.0
"""Seconds for all of it."""

_TEXT: Final = "This is a test: {product} can send mail.\n"
_HTML: Final = '<!doctype html><html lang="en"><title>Test</title><p>This is a test: mail can be sent.</p></html>\n'

_REASONS: Final = {
    "gaierror": "the name is not known",
    "ConnectionRefusedError": "nothing listens there",
    "TimeoutError": "no answer in time",
    "SMTPConnectTimeoutError": "no answer in time",
    "SMTPReadTimeoutError": "no answer in time",
    "SMTPServerDisconnected": "it hung up",
    "SSLCertVerificationError": "its certificate does not prove that it is this host",
    "SSLError": "it does not speak TLS at this point",
    "SMTPException": "it does not offer this",
}

_FIXES: Final = {
    Step.CONNECT: (
        "Could not connect to {server}",
        "Check host and port in SMTP_URL, and whether this machine may reach them; port 465 needs smtps://.",
    ),
    Step.TLS: (
        "{server} answers, but not by TLS",
        "Name the host as its certificate does, and write smtps:// for port 465 and smtp:// for port 587.",
    ),
    Step.LOGIN: (
        "{server} did not accept the login",
        "Check user and password in SMTP_URL: special characters as %XX, and some providers want a password for apps.",
    ),
    Step.SENDER: (
        "{server} refused the sender {sender}",
        "Set MAIL_FROM to an address that this login may write from.",
    ),
    Step.RECIPIENT: (
        "{server} refused the recipient {recipient}",
        "Check the address; some providers let new customers write to their own addresses only.",
    ),
    Step.CONTENT: (
        "{server} took the addresses, but not the mail",
        "Its operator knows what the number means; often the sender's domain or the amount of mail.",
    ),
    Step.FOLDER: ("Could not write into {folder}", "Set MAIL_FOLDER to a folder that this user may write to."),
}


@click.group()
def mail() -> None:
    """See whether mail leaves."""


@mail.command()
@click.argument("address")
def test(address: str) -> None:
    """Send a test mail to ADDRESS at once, and tell what came of it."""
    recipient = canonical_email(address)
    policy = load_settings().mail
    if not policy.is_on:
        message = "Mail is off. Set SMTP_URL (smtp://user:password@host:587) and MAIL_FROM."
        raise click.ClickException(message)
    try:
        asyncio.run(_send(policy, recipient))
    except (MailError, TimeoutError) as error:
        raise click.ClickException(_explain(error, policy, recipient)) from None
    if policy.server is not None:
        click.echo(f"{_place(policy.server)} took a mail from {policy.sender.addr_spec} to {recipient}.")
    else:
        click.echo(f"No SMTP_URL is set: the mail lies in {policy.folder}, and /dev/mailbox shows it.")


async def _send(policy: MailPolicy, recipient: str) -> None:
    message = Message(
        message_id=f"{utc_now():%Y%m%d%H%M%S}.{secrets.token_hex(8)}@{policy.sender.domain}",
        recipient=recipient,
        subject=f"Test mail of {policy.product}",
        text=_TEXT.format(product=policy.product),
        html=_HTML,
    )
    if policy.server is not None:
        await asyncio.wait_for(SmtpMailer(policy.server, policy.sender).send(message), TIMEOUT)
    else:
        await FolderMailer(Path(policy.folder or "."), policy.sender).send(message)


def _explain(error: MailError | TimeoutError, policy: MailPolicy, recipient: str) -> str:
    """Say which step failed, and what to do about it."""
    known = error if isinstance(error, MailError) else MailError("TimeoutError", step=Step.CONTENT)
    what, fix = _FIXES[known.step or Step.CONTENT]
    why = known.code or _REASONS.get(known.reason, known.reason)
    place = _place(policy.server) if policy.server is not None else ""
    named = what.format(server=place, sender=policy.sender.addr_spec, recipient=recipient, folder=policy.folder)
    return f"{named} ({why}). {fix}"


def _place(server: SmtpServer) -> str:
    return f"{server.host}:{server.port}"
