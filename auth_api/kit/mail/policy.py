"""How mail leaves."""

from email.headerregistry import Address
from urllib.parse import unquote, urlsplit

import msgspec

DEFAULT_PORTS = {"smtp": 587, "smtps": 465}


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server and how to speak to it.

    Attributes:
        host: its name.
        port: 587 for submission (RFC 6409), 465 for submission inside TLS (RFC 8314).
        username: None to send without logging in.
        password: belongs to it.
        tls: `implicit` from the first byte, `starttls` required before anything is said, or `none`.
    """

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: str = "starttls"

    def __repr__(self) -> str:
        """Leave the credentials out."""
        return f"SmtpServer({self.host}:{self.port}, {self.tls})"

    @classmethod
    def from_url(cls, url: str) -> "SmtpServer":
        """Read `smtp://user:password@host:587`, `smtps://…:465`, or `smtp://host:25?tls=none`.

        Raises:
            ValueError: it is no such address.
        """
        parts = urlsplit(url)
        options = {"": "starttls", "tls=none": "none"} if parts.scheme == "smtp" else {"": "implicit"}
        has_half_a_login = (parts.username is None) != (parts.password is None)
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname or parts.path not in {"", "/"}:
            message = "is no address of a mail server"
            raise ValueError(message)
        if parts.query not in options or has_half_a_login:
            message = "has options or a login that cannot be read"
            raise ValueError(message)
        return cls(
            host=parts.hostname,
            port=parts.port or DEFAULT_PORTS[parts.scheme],
            username=unquote(parts.username) if parts.username is not None else None,
            password=unquote(parts.password) if parts.password is not None else None,
            tls=options[parts.query],
        )


class MailPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes, what about, and by which way.

    Attributes:
        server: where mail is handed over; None where there is none.
        folder: where mail is laid down instead, in development.
        sender: stands in `From`.
        frontend_url: what links in mails begin with; the application's own pages unless another one has them.
        templates: a folder whose texts win over those that come along; None for none.
    """

    server: SmtpServer | None = None
    folder: str | None = None
    sender: Address = msgspec.field(default_factory=lambda: Address("", "auth_api", "localhost"))
    frontend_url: str
    templates: str | None = None

    @property
    def product(self) -> str:
        """What mails and pages call the product: the name in `From`."""
        return self.sender.display_name or self.sender.domain

    @property
    def is_on(self) -> bool:
        """Tell whether mail can leave at all; where it cannot, no journey that needs it is offered."""
        return self.server is not None or self.folder is not None
