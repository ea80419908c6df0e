"""Check whether mail can be sent, and explain why it cannot."""

import asyncio
import os
from pathlib import Path
from typing import Final

from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.kit.mail.message import MailError, SendStep
from auth_api.kit.mail.policy import MailPolicy, SmtpServer
from auth_api.kit.mail.smtp import SmtpMailer

TIMEOUT_SECONDS: Final = 10.0
"""For the whole exchange with the mail server."""

CHECK: Final = "mail"

_REASONS: Final = {
    "gaierror": "the host name cannot be resolved",
    "ConnectionRefusedError": "it was refused",
    "TimeoutError": "no response in time",
    "SMTPConnectTimeoutError": "no response in time",
    "SMTPReadTimeoutError": "no response in time",
    "SMTPServerDisconnected": "the server closed the connection",
    "SSLCertVerificationError": "its certificate is not trusted for this host",
    "SSLError": "it does not use TLS at this point",
    "SMTPException": "it does not support this",
}

_FIXES: Final = {
    SendStep.CONNECT: (
        "The connection to {server} failed",
        "Check host and port in SMTP_URL, and whether a firewall blocks them; port 465 needs smtps://.",
    ),
    SendStep.TLS: (
        "TLS with {server} failed",
        "Use the host name of the certificate, with smtps:// for port 465 and smtp:// for port 587.",
    ),
    SendStep.LOGIN: (
        "{server} rejected the login",
        "Check user and password in SMTP_URL: write special characters as %XX; some providers need an app password.",
    ),
    SendStep.SENDER: (
        "{server} rejected the sender {sender}",
        "Set MAIL_FROM to an address that this login may send from.",
    ),
    SendStep.RECIPIENT: (
        "{server} rejected the recipient {recipient}",
        "Check the address; some providers let new customers send only to their own addresses.",
    ),
    SendStep.CONTENT: (
        "{server} accepted the addresses but rejected the mail",
        "Ask its operator what the code means; often it is the sender's domain or the number of mails.",
    ),
    SendStep.FOLDER: ("Writing to {folder} failed", "Set MAIL_FOLDER to a folder that this user can write to."),
}


async def check_mail(policy: MailPolicy, *, is_production: bool) -> Finding:
    """Connect to the mail server and log in, or check the folder that mail is written to in development."""
    if policy.server is not None:
        return await _check_server(policy, policy.server)
    if policy.folder is not None:
        return _check_folder(Path(policy.folder))
    message, fix = (
        "Mail is off: users cannot verify an e-mail address or reset a password.",
        "Set SMTP_URL and MAIL_FROM.",
    )
    return warn(CHECK, message, fix) if is_production else note(CHECK, message, fix)


async def _check_server(policy: MailPolicy, server: SmtpServer) -> Finding:
    try:
        await asyncio.wait_for(SmtpMailer(server, policy.sender).check_connection(), TIMEOUT_SECONDS)
    except (MailError, TimeoutError) as error:
        message, fix = explanation(error, policy)
        return fail(CHECK, f"{message}.", fix)
    login = "accepts the login" if server.username is not None else "is used without a login"
    if server.tls == "none":
        fix = "Remove ?tls=none from SMTP_URL: mails contain links that give access to accounts."
        return warn(CHECK, f"{place_of(server)} {login}, without TLS.", fix)
    return ok(CHECK, f"{place_of(server)} {login}, with TLS.")


def _check_folder(folder: Path) -> Finding:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return fail(CHECK, f"{folder} is not writable.", _FIXES[SendStep.FOLDER][1])
    return note(CHECK, f"SMTP_URL is not set: mail is written to the folder {folder}.")


def explain(error: MailError | TimeoutError, policy: MailPolicy, recipient: str = "") -> str:
    """Return which step failed and why, and the fix, as one text."""
    message, fix = explanation(error, policy, recipient)
    return f"{message}. {fix}"


def explanation(error: MailError | TimeoutError, policy: MailPolicy, recipient: str = "") -> tuple[str, str]:
    """Return which step failed and why, and the fix."""
    server = place_of(policy.server) if policy.server is not None else ""
    if isinstance(error, TimeoutError):
        return f"{server} did not respond in time", _FIXES[SendStep.CONNECT][1]
    template, fix = _FIXES[error.step or SendStep.CONTENT]
    reason = error.code or _REASONS.get(error.error_type, error.error_type)
    message = template.format(server=server, sender=policy.sender.addr_spec, recipient=recipient, folder=policy.folder)
    return f"{message} ({reason})", fix


def place_of(server: SmtpServer) -> str:
    """Return host and port."""
    return f"{server.host}:{server.port}"
