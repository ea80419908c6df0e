"""Settings of mail."""

from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from auth_api.kit.mail.policy import MailPolicy, SmtpServer
from auth_api.settings.reader import Reader
from auth_api.users.policy import VerificationPolicy

DEFAULT_FOLDER: Final = "./mail"

_EXAMPLE_SERVER: Final = "smtp://user:password@smtp.your-company.com:587"
_EXAMPLE_SENDER: Final = "Your Company <no-reply@your-company.com>"


def read_mail(read: Reader, *, public_url: str, development: bool, production: bool) -> MailPolicy:
    """Return how mail leaves: by SMTP_URL; in development into a folder; otherwise not at all."""
    url = read.text("SMTP_URL", "")
    server = _server(read, url, production=production) if url else None
    frontend_url = read.text("FRONTEND_URL", public_url).rstrip("/")
    parts = urlsplit(frontend_url)
    schemes = {"https"} if production else {"http", "https"}
    # A production server without an https PUBLIC_URL is told about that alone.
    if (parts.scheme not in schemes or parts.query or parts.fragment) and read.given("FRONTEND_URL"):
        read.problem(
            "FRONTEND_URL",
            "must be the https address" if production else "must be an http or https address",
            "https://app.your-company.com",
        )
    templates = read.text("MAIL_TEMPLATES", "")
    if templates and not Path(templates).is_dir():
        read.problem("MAIL_TEMPLATES", "must be a folder with one folder of texts per language", "./mail-templates")
    return MailPolicy(
        server=server,
        folder=read.text("MAIL_FOLDER", DEFAULT_FOLDER) if development and server is None else None,
        sender=_sender(read, url, public_url),
        frontend_url=frontend_url,
        templates=templates or None,
    )


def read_mailboxes(read: Reader, mail: MailPolicy) -> VerificationPolicy:
    """Return what needs a proof of the mailbox: nothing, unless it is asked for and can be had."""
    required = read.boolean("REQUIRE_EMAIL_VERIFICATION", default=False)
    before_signup = read.boolean("REGISTRATION_ENUMERATION_SAFE", default=False)
    if required and not mail.is_on:
        read.problem("REQUIRE_EMAIL_VERIFICATION", "needs mail: set SMTP_URL and MAIL_FROM, or leave it", "false")
    if before_signup and not required:
        read.problem("REGISTRATION_ENUMERATION_SAFE", "needs REQUIRE_EMAIL_VERIFICATION=true, or leave it", "false")
    return VerificationPolicy(required=required, before_signup=before_signup)


def _server(read: Reader, url: str, *, production: bool) -> SmtpServer | None:
    try:
        server = SmtpServer.from_url(url)
    except ValueError:
        read.problem("SMTP_URL", "must be an smtp or smtps address", _EXAMPLE_SERVER)
        return None
    if production and server.tls == "none" and server.password is not None:
        read.problem("SMTP_URL", "must not send a password without TLS in production", _EXAMPLE_SERVER)
    return server


def _sender(read: Reader, url: str, public_url: str) -> Address:
    fallback = f"auth_api <no-reply@{urlsplit(public_url).hostname or 'localhost'}>"
    if url and not read.given("MAIL_FROM"):
        read.problem("MAIL_FROM", "is missing: who the mails are from", _EXAMPLE_SENDER)
    text = read.text("MAIL_FROM", fallback)
    name, address = parseaddr(text if text.isprintable() else "")
    try:
        return Address(name, addr_spec=address)
    except (ValueError, IndexError):
        read.problem("MAIL_FROM", "must be a name and an address", _EXAMPLE_SENDER)
        return Address("auth_api", "no-reply", "localhost")
