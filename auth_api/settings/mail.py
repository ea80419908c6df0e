"""Settings of mail and of e-mail verification."""

from email.headerregistry import Address
from urllib.parse import urlsplit

import msgspec

from auth_api.kit.mail.policy import EXAMPLE_SERVER_URL, MailPolicy, parse_sender
from auth_api.settings.reader import Environment, Reader
from auth_api.sign_in.policy import MfaPolicy
from auth_api.users.policy import VerificationPolicy


def read_mail(read: Reader, *, public_url: str) -> MailPolicy:
    """Read how mail is sent: with `SMTP_URL`, in development into a folder, otherwise not at all."""
    policy = read.build(MailPolicy, {"frontend_url": public_url, "sender": _own_sender(public_url)})
    if read.is_set("SMTP_URL") and not read.is_set("MAIL_FROM"):
        read.problem("MAIL_FROM", "is missing: the sender of all mail", "Your Company <no-reply@your-company.com>")
    server = policy.server
    if read.is_production and server is not None and server.tls == "none" and server.password is not None:
        read.problem("SMTP_URL", "must not send a password without TLS in production", EXAMPLE_SERVER_URL)
    if (
        read.is_production
        and read.is_set("FRONTEND_URL")
        and not read.has_problem("FRONTEND_URL")
        and not policy.frontend_url.startswith("https://")
    ):
        read.problem("FRONTEND_URL", "must be an https URL in production", "https://app.your-company.com")
    has_folder = server is None and read.environment is Environment.DEVELOPMENT
    return policy if has_folder else msgspec.structs.replace(policy, folder=None)


def _own_sender(public_url: str) -> Address:
    """Return the sender of mail that is only written into a folder. Not every host, as `[::1]`, has mail addresses."""
    try:
        return parse_sender(f"auth_api <no-reply@{urlsplit(public_url).hostname or 'localhost'}>")
    except ValueError:
        return parse_sender("auth_api <no-reply@localhost>")


def read_verification(read: Reader, mail: MailPolicy, mfa: MfaPolicy) -> VerificationPolicy:
    """Read what an e-mail address must be verified for; without mail nothing can be.

    Where second factors are required, so are verified e-mail addresses: a factor can only be added with one.
    """
    policy = read.build(VerificationPolicy)
    if policy.required and not mail.is_on:
        read.problem("REQUIRE_EMAIL_VERIFICATION", "needs mail: set SMTP_URL and MAIL_FROM, or remove it", "false")
    if mfa.is_required:
        policy = msgspec.structs.replace(policy, required=True)
    if policy.before_signup and not policy.required:
        read.problem("REGISTRATION_ENUMERATION_SAFE", "needs REQUIRE_EMAIL_VERIFICATION=true, or remove it", "false")
    return policy
