"""Failures to send a mail: the phase of the conversation, the meaning, and the remedy."""

from enum import StrEnum
from typing import Final

import msgspec


class SendPhase(StrEnum):
    """A phase of sending a mail, named after the SMTP command; `data` includes the response to the mail itself."""

    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    FOLDER = "folder"


class FailureMeaning(StrEnum):
    """What a failure means for the mail, for other mails and for the operator; see `EXPLANATIONS`."""

    UNKNOWN_RECIPIENT = "unknown_recipient"
    RECIPIENT_LATER = "recipient_later"
    CONTENT = "content"
    SENDER = "sender"
    RELAY = "relay"
    QUOTA = "quota"
    POLICY = "policy"
    SERVER = "server"
    LOGIN = "login"
    LOGIN_REQUIRED = "login_required"
    TLS = "tls"
    TLS_REQUIRED = "tls_required"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"
    FOLDER = "folder"

    @property
    def is_outage(self) -> bool:
        """Whether no mail can be sent now, whatever its recipient and content. The circuit breaker counts these."""
        return EXPLANATIONS[self].is_outage

    @property
    def needs_operator(self) -> bool:
        """Whether retries will not help until an operator changes something."""
        return EXPLANATIONS[self].needs_operator


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """What people read about a failure.

    Attributes:
        sentence: what happened, without a full stop; may contain `{server}`, `{sender}`, `{recipient}`, `{folder}`.
        remedy: what the operator should do.
        is_outage: see `FailureMeaning.is_outage`.
        needs_operator: see `FailureMeaning.needs_operator`.
    """

    sentence: str
    remedy: str
    is_outage: bool = False
    needs_operator: bool = False


EXPLANATIONS: Final = {
    FailureMeaning.UNKNOWN_RECIPIENT: Explanation(
        sentence="{server} rejected the recipient {recipient}",
        remedy="Check the address; some providers let new customers send only to their own addresses.",
    ),
    FailureMeaning.RECIPIENT_LATER: Explanation(
        sentence="{server} does not accept mail for {recipient} now",
        remedy="Try again later: the usual reasons are greylisting, a full mailbox, or a domain that does not respond.",
    ),
    FailureMeaning.CONTENT: Explanation(
        sentence="{server} accepted the addresses but rejected the mail",
        remedy="Ask its operator what the code means; often it is the text, its size, or the sender's domain.",
    ),
    FailureMeaning.SENDER: Explanation(
        sentence="{server} rejected the sender {sender}",
        remedy="Set MAIL_FROM to an address that this login may send from.",
        needs_operator=True,
    ),
    FailureMeaning.RELAY: Explanation(
        sentence="{server} does not relay mail for this client",
        remedy="Put user and password into SMTP_URL, or allow this machine to relay mail.",
        needs_operator=True,
    ),
    FailureMeaning.QUOTA: Explanation(
        sentence="{server} has reached the sending limit of this account",
        remedy="Wait until the limit is reset, or raise it.",
        needs_operator=True,
    ),
    FailureMeaning.POLICY: Explanation(
        sentence="{server} rejected the mail by its policy",
        remedy="Ask its operator what the code means: often MAIL_FROM does not belong to the login, relaying is not "
        "allowed, a block list has this machine, or the sender's domain has no valid SPF, DKIM or DMARC record.",
        needs_operator=True,
    ),
    FailureMeaning.SERVER: Explanation(
        sentence="{server} has a temporary problem",
        remedy="Try again later; if this persists, ask its operator what the code means.",
    ),
    FailureMeaning.LOGIN: Explanation(
        sentence="{server} rejected the login",
        remedy="Check user and password in SMTP_URL: write special characters as %XX; some providers need an app "
        "password, or SMTP to be enabled for the account.",
        is_outage=True,
        needs_operator=True,
    ),
    FailureMeaning.LOGIN_REQUIRED: Explanation(
        sentence="{server} requires a login",
        remedy="Put user and password into SMTP_URL: smtp://user:password@host:587.",
        needs_operator=True,
    ),
    FailureMeaning.TLS: Explanation(
        sentence="TLS with {server} failed",
        remedy="Use the host name of the certificate, with smtps:// for port 465 and smtp:// for port 587; this "
        "machine must trust the authority that issued it, and have the right time.",
        is_outage=True,
        needs_operator=True,
    ),
    FailureMeaning.TLS_REQUIRED: Explanation(
        sentence="{server} requires TLS",
        remedy="Remove ?tls=none from SMTP_URL.",
        is_outage=True,
        needs_operator=True,
    ),
    FailureMeaning.UNAVAILABLE: Explanation(
        sentence="{server} is not available now",
        remedy="Try again later; if this persists, ask its operator, who may have blocked this machine or limited its "
        "connections.",
        is_outage=True,
    ),
    FailureMeaning.UNREACHABLE: Explanation(
        sentence="The connection to {server} failed",
        remedy="Check host and port in SMTP_URL, and whether a firewall blocks them; port 465 needs smtps://.",
        is_outage=True,
    ),
    FailureMeaning.FOLDER: Explanation(
        sentence="Writing to {folder} failed",
        remedy="Set MAIL_FOLDER to a folder that this user can write to.",
        is_outage=True,
    ),
}


class ReplyCodes(msgspec.Struct, frozen=True):
    """The codes of a server's reply; its text may quote addresses and the mail, and is never kept.

    Attributes:
        basic: reply code (RFC 5321 §4.2).
        enhanced: enhanced status code (RFC 3463), as `5.1.1`; empty without one.
    """

    basic: int
    enhanced: str = ""

    def __str__(self) -> str:
        return f"{self.basic} {self.enhanced}".rstrip()


class MailError(Exception):
    """The mail was not accepted.

    Args:
        error_type: class name of the error that caused it, or a name for the problem; empty for a reply of the server.
        meaning: what the failure means.
        phase: the phase that failed; None if it is not known.
        reply: the codes of the server's reply; None without a reply.
    """

    def __init__(
        self,
        error_type: str = "",
        *,
        meaning: FailureMeaning = FailureMeaning.UNAVAILABLE,
        phase: SendPhase | None = None,
        reply: ReplyCodes | None = None,
    ) -> None:
        super().__init__(error_type)
        self.error_type = error_type
        self.meaning = meaning
        self.phase = phase
        self.reply = reply


class TransientMailError(MailError):
    """The mail was not accepted, but may be later."""


class PermanentMailError(MailError):
    """The mail server will never accept the mail: the recipient does not exist."""

    def __init__(self, *, phase: SendPhase | None = None, reply: ReplyCodes | None = None) -> None:
        super().__init__(meaning=FailureMeaning.UNKNOWN_RECIPIENT, phase=phase, reply=reply)
