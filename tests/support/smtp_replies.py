"""Replies of Postfix, Exchange Online, Gmail, SES, Mailgun, Sendgrid, Exim, Sendmail and qmail, and their meanings."""

from typing import Final

from tests.support.scripted_mail_server import CLOSE, SILENCE

REPLIES: Final = {
    # Recipients that do not exist: the only replies that end the attempts.
    "unknown_recipient": [
        ("RCPT", "550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in virtual table"),
        ("RCPT", "550-5.1.1 The email account that you tried to reach does not exist.\n550 5.1.1 Learn more"),
        ("RCPT", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"),
        ("RCPT", "550 5.1.2 <ada@example.org>: Recipient address rejected: Domain not found"),
        ("RCPT", "501 5.1.3 Bad recipient address syntax"),
        ("RCPT", "551 5.1.6 The recipient has moved"),
        ("RCPT", "554 5.1.1 User unknown"),
        ("RCPT", "556 5.1.10 Recipient address has null MX"),
        ("RCPT", "550 5.1.0 Address rejected"),
        ("RCPT", "550 550 5.1.1 ada@example.org: Invalid recipient"),
        ("RCPT", "550 sorry, no mailbox here by that name (#5.1.1)"),
        ("RCPT", "550 No such user"),
        ("RCPT", "551 User not local"),
        ("RCPT", "553 Mailbox name not allowed"),
        ("RCPT", "556 Domain does not accept mail"),
        ("RCPT", "550"),
        ("RCPT", "550 OK, thank you"),
        (".", "550 5.1.1 User unknown"),
    ],
    # Recipients that may accept the mail later.
    "recipient_later": [
        ("RCPT", "450 4.1.1 <ada@example.org>: Recipient address rejected: unverified address"),
        ("RCPT", "450 4.1.2 <ada@example.org>: Recipient address rejected: Domain not found"),
        ("RCPT", "450 4.7.1 <ada@example.org>: Recipient address rejected: Greylisted"),
        ("RCPT", "451 4.7.1 Greylisting in action, please come back later"),
        ("RCPT", "450-4.2.1 The user you are trying to contact is receiving mail at a rate that\n450 4.2.1 prevents"),
        ("RCPT", "452 4.2.2 The email account that you tried to reach is over quota"),
        ("RCPT", "550 5.2.1 The email account that you tried to reach is disabled"),
        ("RCPT", "550 5.2.2 <ada@example.org>: user is over quota"),
        ("RCPT", "552 5.2.2 Mailbox full"),
        ("RCPT", "554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException"),
        ("RCPT", "552 Mailbox full"),
        ("RCPT", "450 Mailbox busy"),
        ("RCPT", "451 Local error in processing"),
        ("RCPT", "452 Insufficient system storage"),
        ("RCPT", "452 4.5.3 Too many recipients"),
        ("RCPT", "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)"),
        ("RCPT", "550 5.4.4 Unable to route"),
        ("RCPT", "450"),
        (".", "552 5.2.2 The account is over quota"),
        # Codes that contradict each other never end the attempts.
        ("RCPT", "450 5.1.1 User unknown"),
        ("RCPT", "550 4.1.1 User unknown"),
        ("RCPT", "550 2.1.5 Recipient ok"),
        ("RCPT", "550 4.7.1 Greylisted"),
    ],
    # The sender.
    "sender": [
        ("MAIL", "553 5.7.1 <no-reply@example.com>: not yours"),
        ("MAIL", "550 5.1.8 <no-reply@example.com>: Sender address rejected: Domain not found"),
        ("MAIL", "501 5.1.7 Bad sender address syntax"),
        ("MAIL", "550 Sender not allowed"),
        ("RCPT", "553 5.7.1 <no-reply@example.com>: Sender address rejected: not owned by user auth"),
        ("RCPT", "450 4.1.8 <no-reply@example.com>: Sender address rejected: Domain not found"),
        ("RCPT", "550 5.1.8 Access denied, bad outbound sender"),
        ("RCPT", "550 5.1.0 <no-reply@example.com>: Sender address rejected: User unknown"),
        ("RCPT", "550 Sender verify failed"),
        (".", "550 5.7.60 SMTP; Client does not have permissions to send as this sender"),
        (".", "554 5.2.252 SendAsDenied; auth@example.com not allowed to send as no-reply@example.com"),
        (".", "554 Message rejected: Email address is not verified."),
        (".", "550 The from address does not match a verified Sender Identity."),
    ],
    # Relaying.
    "relay": [
        ("RCPT", "550 5.7.1 Unable to relay"),
        ("RCPT", "554 5.7.1 <ada@example.org>: Relay access denied"),
        ("RCPT", "454 4.7.1 <ada@example.org>: Relay access denied"),
        ("RCPT", "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
        ("RCPT", "550 5.7.64 TenantAttribution; Relay Access Denied"),
        ("RCPT", "550 relay not permitted"),
        ("RCPT", "550 authentication required"),
    ],
    # The limits of the account that sends.
    "quota": [
        ("RCPT", "550 5.4.5 Daily user sending limit exceeded"),
        ("MAIL", "550 5.4.5 Daily user sending limit exceeded"),
        (".", "550-5.4.5 Daily user sending limit exceeded. For more information\n550 5.4.5 see"),
        (".", "454 Throttling failure: Maximum sending rate exceeded."),
        (".", "454 Throttling failure: Daily message quota exceeded."),
        ("RCPT", "550 5.1.90 Your message can't be sent because you've reached your daily limit"),
    ],
    # Policy.
    "policy": [
        ("RCPT", "550 5.7.1 Sandbox subdomains are for test purposes only."),
        ("RCPT", "553 5.7.1 Blocked"),
        ("RCPT", "551 5.7.1 Blocked"),
        ("RCPT", "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"),
        ("RCPT", "554 No mail from you"),
        ("RCPT", "550 5.5.0 Requested action not taken: mailbox unavailable"),
        ("RCPT", "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"),
        ("RCPT", "553 5.5.4 Unsupported option"),
        ("RCPT", "551 5.7.606 Access denied, banned sending IP"),
        (".", "550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550 5.7.26 x"),
        (".", "554 5.7.9 Message not accepted for policy reasons"),
    ],
    # This mail.
    "content": [
        (".", "554 5.7.1 Message content rejected"),
        (".", "550 5.7.1 Our system has detected that this message is likely unsolicited mail."),
        (".", "451 4.7.1 Message content deferred"),
        (".", "552 5.3.4 Message size exceeds fixed limit"),
        ("MAIL", "552 5.3.4 Message size exceeds fixed limit"),
        (".", "550 5.6.0 Lone CR or LF in headers"),
        ("RCPT", "553 5.6.7 Non-ASCII addresses not permitted"),
        (".", "554 Transaction failed"),
        (".", "550 Rejected"),
    ],
    # The server has a problem, but responds.
    "server": [
        ("MAIL", "452 4.3.1 Insufficient system storage"),
        ("RCPT", "451 4.3.0 <ada@example.org>: Temporary lookup failure"),
        (".", "452 4.3.1 Insufficient system storage"),
        (".", "451 4.3.0 Error: queue file write error"),
        (".", "451 Local error"),
        ("DATA", "451 4.3.0 Try again"),
    ],
    # Outages: no mail can be sent.
    "unavailable": [
        ("GREETING", "554 No SMTP service here"),
        ("GREETING", "421 4.7.0 Try again later, closing connection"),
        ("EHLO", "421 4.3.2 Service shutting down"),
        ("MAIL", "421 4.7.0 Too many connections"),
        ("RCPT", "421 4.7.0 Try again later"),
        ("RCPT", "421 4.4.2 Timeout exceeded"),
        (".", "421 4.7.28 Our system has detected an unusual rate of mail"),
        ("MAIL", CLOSE),
        ("RCPT", CLOSE),
        (".", CLOSE),
        ("RCPT", SILENCE),
        ("MAIL", "HTTP/1.1 400 Bad Request"),
        ("RCPT", "354 Go on"),
    ],
    "unreachable": [
        ("GREETING", CLOSE),
        ("GREETING", SILENCE),
        ("GREETING", "HTTP/1.1 400 Bad Request"),
        ("GREETING", "SSH-2.0-OpenSSH_9.6"),
    ],
    "tls_required": [
        ("MAIL", "530 5.7.0 Must issue a STARTTLS command first"),
    ],
    "login_required": [
        ("MAIL", "530 5.7.0 Authentication Required"),
        ("MAIL", "530 5.7.57 Client not authenticated to send mail"),
    ],
}
"""By meaning: the command (see `ScriptedMailServer`) and the reply to it."""

LOGIN_REPLIES: Final = [
    ("535 5.7.8 Error: authentication failed", "login"),
    ("535-5.7.8 Username and Password not accepted.\n535 5.7.8 Learn more", "login"),
    ("534-5.7.9 Application-specific password required.\n534 5.7.9 Learn more", "login"),
    ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled", "login"),
    ("535 Authentication Credentials Invalid", "login"),
    ("503 5.5.1 Error: authentication not enabled", "login"),
    ("538 5.7.11 Encryption required for requested authentication mechanism", "tls_required"),
    ("530 5.7.0 Must issue a STARTTLS command first", "tls_required"),
    ("454 4.7.0 Temporary authentication failure", "unavailable"),
    ("451 Authentication failed: Maximum credits exceeded", "unavailable"),
    ("421 4.7.0 Try again later", "unavailable"),
    (CLOSE, "unavailable"),
    (SILENCE, "unavailable"),
]
"""Replies to AUTH."""
