"""Whether mail leaves, and why it does not."""

import asyncio
import os
from pathlib import Path
from typing import Final

from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.kit.mail.message import MailError, SendStep
from auth_api.kit.mail.policy import MailPolicy, SmtpServer
from auth_api.kit.mail.smtp import SmtpMailer

TIMEOUT: Final = 10.0
"""Seconds for the whole conversation."""

CHECK: Final = "mail"

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
    SendStep.CONNECT: (
        "Could not connect to {server}",
        "Check host and port in SMTP_URL, and whether this machine may reach them; port 465 needs smtps://.",
    ),
    SendStep.TLS: (
        "{server} answers, but not by TLS",
        "Name the host as its certificate does, and write smtps:// for port 465 and smtp:// for port 587.",
    ),
    SendStep.LOGIN: (
        "{server} did not accept the login",
        "Check user and password in SMTP_URL: special characters as %XX, and some providers want a password for apps.",
    ),
    SendStep.SENDER: (
        "{server} refused the sender {sender}",
        "Set MAIL_FROM to an address that this login may write from.",
    ),
    SendStep.RECIPIENT: (
        "{server} refused the recipient {recipient}",
        "Check the address; some providers let new customers write to their own addresses only.",
    ),
    SendStep.CONTENT: (
        "{server} took the addresses, but not the mail",
        "Its operator knows what the number means; often the sender's domain or the amount of mail.",
    ),
    SendStep.FOLDER: ("Could not write into {folder}", "Set MAIL_FOLDER to a folder that this user may write to."),
}


async def check_mail(policy: MailPolicy, *, is_production: bool) -> Finding:
    """Speak to the mail server up to the login, or look at the folder where mail lies in development."""
    if policy.server is not None:
        return await _look_at_server(policy, policy.server)
    if policy.folder is not None:
        return _look_at_folder(Path(policy.folder))
    says, fix = "off: nobody can verify an address or reset a password", "Set SMTP_URL and MAIL_FROM."
    return warn(CHECK, says, fix) if is_production else note(CHECK, says, fix)


async def _look_at_server(policy: MailPolicy, server: SmtpServer) -> Finding:
    try:
        await asyncio.wait_for(SmtpMailer(server, policy.sender).check_connection(), TIMEOUT)
    except (MailError, TimeoutError) as error:
        what, fix = explanation(error, policy)
        return fail(CHECK, what[:1].lower() + what[1:], fix)
    login = "and took the login" if server.username is not None else "and asked for no login"
    if server.tls == "none":
        says = f"{place_of(server)} answers without TLS {login}"
        return warn(CHECK, says, "Leave ?tls=none out of SMTP_URL: mails hold links that open accounts.")
    return ok(CHECK, f"{place_of(server)} answers by TLS {login}")


def _look_at_folder(folder: Path) -> Finding:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return fail(CHECK, f"{folder} cannot be written to", _FIXES[SendStep.FOLDER][1])
    return note(CHECK, f"no SMTP_URL: mail stays in {folder}")


def explain(error: MailError | TimeoutError, policy: MailPolicy, recipient: str = "") -> str:
    """Say which step failed, and what to do about it."""
    what, fix = explanation(error, policy, recipient)
    return f"{what}. {fix}"


def explanation(error: MailError | TimeoutError, policy: MailPolicy, recipient: str = "") -> tuple[str, str]:
    """Return which step failed and why, and what to do about it."""
    known = error if isinstance(error, MailError) else MailError("TimeoutError", step=SendStep.CONTENT)
    what, fix = _FIXES[known.step or SendStep.CONTENT]
    why = known.code or _REASONS.get(known.error_type, known.error_type)
    place = place_of(policy.server) if policy.server is not None else ""
    named = what.format(server=place, sender=policy.sender.addr_spec, recipient=recipient, folder=policy.folder)
    return f"{named} ({why})", fix


def place_of(server: SmtpServer) -> str:
    """Return host and port."""
    return f"{server.host}:{server.port}"
