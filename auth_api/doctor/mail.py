"""Check whether mail can be sent, and explain why it cannot."""

import asyncio
import os
from pathlib import Path
from typing import Final

from auth_api.doctor.findings import Finding, fail, note, ok, warn
from auth_api.kit.mail.failures import EXPLANATIONS, FailureMeaning, MailError
from auth_api.kit.mail.policy import MailPolicy, SmtpServer
from auth_api.kit.mail.smtp import NOT_SMTP, SmtpMailer

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
    "CertificateExpired": "its certificate has expired",
    "CertificateNotYetValid": "its certificate is not yet valid",
    "CertificateOfAnotherHost": "its certificate is for another host",
    "SSLError": "it does not use TLS at this point",
    "ConnectionResetError": "the server closed the connection",
    "OSError": "none of its addresses accepted it",
    "UnicodeError": "the host name is not valid",
    NOT_SMTP: "it is not an SMTP server",
}

_NOT_OFFERED: Final = {
    FailureMeaning.TLS: "it does not offer STARTTLS",
    FailureMeaning.LOGIN: "it does not offer a login",
}
"""Reasons of an `SMTPException`, by what was tried."""


async def check_mail(policy: MailPolicy, *, is_production: bool) -> Finding:
    """Connect to the mail server, log in and name the sender; or check the folder of mails in development."""
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
        message, fix = explain_parts(error, policy)
        return fail(CHECK, f"{message}.", fix)
    login = "accepts the login" if server.username is not None else "is used without a login"
    if server.tls == "none":
        fix = "Remove ?tls=none from SMTP_URL: mails contain links that give access to accounts."
        return warn(CHECK, f"{place_of(server)} {login}, without TLS.", fix)
    return ok(CHECK, f"{place_of(server)} {login}, with TLS.")


def _check_folder(folder: Path) -> Finding:
    existing = next(path for path in (folder, *folder.absolute().parents) if os.access(path, os.F_OK))
    if not os.access(existing, os.W_OK | os.X_OK):
        return fail(CHECK, f"{folder} is not writable.", EXPLANATIONS[FailureMeaning.FOLDER].remedy)
    return note(CHECK, f"SMTP_URL is not set: mail is written to the folder {folder}.")


def explain(error: MailError | TimeoutError, policy: MailPolicy, recipient: str = "") -> str:
    """Return what failed and why, and the remedy, as one text."""
    message, fix = explain_parts(error, policy, recipient)
    return f"{message}. {fix}"


def explain_parts(error: MailError | TimeoutError, policy: MailPolicy, recipient: str = "") -> tuple[str, str]:
    """Return what failed and why, and the remedy."""
    server = place_of(policy.server) if policy.server is not None else ""
    if isinstance(error, TimeoutError):
        return f"{server} did not respond in time", EXPLANATIONS[FailureMeaning.UNREACHABLE].remedy
    explanation = EXPLANATIONS[error.meaning]
    message = explanation.sentence.format(
        server=server, sender=policy.sender.addr_spec, recipient=recipient, folder=policy.folder
    )
    reason = _REASONS.get(error.error_type, error.error_type)
    if error.reply is not None:
        reason = str(error.reply)
    elif error.error_type == "SMTPException":
        reason = _NOT_OFFERED.get(error.meaning, reason)
    return f"{message} ({reason})", explanation.remedy


def place_of(server: SmtpServer) -> str:
    """Return host and port."""
    return f"{server.host}:{server.port}"
