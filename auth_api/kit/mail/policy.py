"""Settings of mail: server, sender, links and templates."""

import re
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

import msgspec

from auth_api.kit.setting import AMBIGUOUS_URL, Setting, is_ambiguous, parse_base_url

EXAMPLE_SERVER_URL: Final = "smtp://user:password@smtp.your-company.com:587"

_DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}
"""587 for submission (RFC 6409), 465 for submission with implicit TLS (RFC 8314)."""


_NEEDS_QUOTES: Final = (
    "must have a name with special characters in double quotes; in .env: "
    """MAIL_FROM='"Your Company: Support" <no-reply@your-company.com>'"""
)
_NOT_A_SENDER: Final = "must be a name and an e-mail address"

_SENDER: Final = re.compile(
    r"""
    (?P<bare> [^\s"(),:;<>@\[\]\\]+ @ [^\s"(),:;<>@\[\]\\]+ )
    | (?: " (?P<quoted> (?: [^"\\] | \\. )* ) " | (?P<plain> [^"(),:;<>@\[\]\\]* ) ) \s*
      < (?P<named> [^\s"(),:;<>@\[\]\\]+ @ [^\s"(),:;<>@\[\]\\]+ ) >
    """,
    re.VERBOSE,
)
"""An address, or a name and an address; a name with a special character of RFC 5322 is in quotes."""

_NAMED: Final = re.compile(r"[^<>@]+<[^\s<>@,]+@[^\s<>@,]+>")

_MAX_LOCAL_PART: Final = 64
"""RFC 5321 §4.5.3.1.1."""

_DOMAIN: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?:\.(?!-)[A-Za-z0-9-]{1,63})*")


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """An SMTP server and how to connect to it.

    Attributes:
        host: host name or IP address.
        port: TCP port.
        username: None to send without a login.
        password: None to send without a login.
        tls: `implicit` from the first byte, `starttls` required before anything else is sent, or `none`.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: str = "starttls"

    def __repr__(self) -> str:
        """Omit the credentials."""
        return f"SmtpServer({self.host}:{self.port}, {self.tls})"

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Parse `smtp://user:password@host:587`, `smtps://…:465`, or `smtp://host:25?tls=none`.

        Raises:
            ValueError: it is not such a URL. The message does not contain the URL.
        """
        if is_ambiguous(url.partition("://")[2]):
            raise ValueError(AMBIGUOUS_URL)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            message = "must be an smtp or smtps URL"
            raise ValueError(message) from error
        options = {"": "starttls", "tls=none": "none"} if parts.scheme == "smtp" else {"": "implicit"}
        if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or port == 0 or parts.path not in {"", "/"}:
            message = "must be an smtp or smtps URL"
            raise ValueError(message)
        if parts.query not in options:
            message = "must have no option except ?tls=none, which smtp:// may have"
            raise ValueError(message)
        if (parts.username is None) != (parts.password is None):
            message = "must have both a user and a password, or neither"
            raise ValueError(message)
        return cls(
            host=parts.hostname,
            port=port or _DEFAULT_PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username is not None else None,
            password=unquote(parts.password) if parts.password is not None else None,
            tls=options[parts.query],
        )


def parse_sender(text: str) -> Address:
    """Return the address of a `From` header, its domain in ASCII (RFC 5890); raise a ValueError for any other text.

    The standard library would guess: it drops blanks, and takes what is before a comma or a colon for the whole.
    """
    found = _SENDER.fullmatch(text)
    if found is None:
        is_name = _NAMED.fullmatch(text) is not None
        message = _NEEDS_QUOTES if is_name else _NOT_A_SENDER
        raise ValueError(message)
    quoted, plain = found["quoted"], found["plain"]
    name = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain or ""
    local, _, domain = (found["named"] or found["bare"]).rpartition("@")
    if not local.isascii():
        message = "must have an e-mail address whose part before the '@' is ASCII"
        raise ValueError(message)
    if not all(local.split(".")) or len(local) > _MAX_LOCAL_PART:
        raise ValueError(_NOT_A_SENDER)
    try:
        return Address(name.strip(), local, _ascii_domain(domain))
    except (ValueError, IndexError, MessageError) as error:
        raise ValueError(_NOT_A_SENDER) from error


def _ascii_domain(domain: str) -> str:
    """Return a domain with A-labels; raise a ValueError if the versions of IDNA differ, or for a bad one."""
    if any(character in domain for character in "\u00df\u03c2\u200c\u200d"):
        raise ValueError(_NOT_A_SENDER)
    ascii_domain = domain.encode("idna").decode("ascii")
    if _DOMAIN.fullmatch(ascii_domain) is None:
        raise ValueError(_NOT_A_SENDER)
    return ascii_domain


def _parse_templates(text: str) -> str:
    if not Path(text).is_dir():
        message = "must be a folder that has one folder of texts per language"
        raise ValueError(message)
    return text


class MailPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How mail is sent, by whom, and with which links and texts. Mail is off without a server and a folder.

    Attributes:
        brand_name: the name of the product; empty for that of the sender.
    """

    server: Annotated[
        SmtpServer | None,
        Setting(
            "SMTP_URL",
            "Server that mail is sent with. Without it mail is off; in development it is written to `MAIL_FOLDER`.",
            parse=SmtpServer.from_url,
            accepts="`smtp://user:password@host:587` (STARTTLS), `smtps://…:465` or `smtp://host:25?tls=none`",
            example=EXAMPLE_SERVER_URL,
            is_secret=True,
        ),
    ] = None
    sender: Annotated[
        Address,
        Setting(
            "MAIL_FROM",
            "Sender of all mail. The product has its name, unless `BRAND_NAME` is set. Required with `SMTP_URL`.",
            parse=parse_sender,
            accepts="`Your Company <no-reply@your-company.com>`",
            example="Your Company <no-reply@your-company.com>",
            default_text="none",
        ),
    ] = msgspec.field(default_factory=lambda: Address("", "auth_api", "localhost"))
    folder: Annotated[
        str | None,
        Setting(
            "MAIL_FOLDER",
            "Folder that mail is written to in development without `SMTP_URL`.",
            accepts="a folder",
            default_in={"development": "./mail"},
        ),
    ] = None
    frontend_url: Annotated[
        str,
        Setting(
            "FRONTEND_URL",
            "Start of the links in mails; another URL than `PUBLIC_URL` switches this server's own pages under "
            "`/account/` off, unless `HOSTED_PAGES` is `true`.",
            parse=parse_base_url,
            accepts="an http or https URL; in production an https URL",
            example="https://app.your-company.com",
            default_text="`PUBLIC_URL`",
        ),
    ]
    templates: Annotated[
        str | None,
        Setting(
            "MAIL_TEMPLATES",
            "Folder of texts that replace the built-in ones, see [mail.md](mail.md#texts-of-your-own).",
            parse=_parse_templates,
            accepts="a folder",
            example="./mail-templates",
        ),
    ] = None

    delay_seconds: Annotated[
        float,
        Setting(
            "MAIL_DELAY_SECONDS",
            "Shortest time from a request to the sending of its mail. It is random, up to three times as long, and "
            "hides the work that an existing account causes.",
            minimum=0,
            maximum=60,
            unit="seconds",
        ),
    ] = 1.0
    brand_name: str = ""

    @property
    def product(self) -> str:
        """The product's name in mails and on pages."""
        return self.brand_name or self.sender.display_name or self.sender.domain

    @property
    def is_on(self) -> bool:
        """Whether mail can be sent; flows that need mail are switched off otherwise."""
        return self.server is not None or self.folder is not None
