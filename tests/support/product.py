"""The product as a person meets it: a server with pages, and the mails that it sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from auth_api.kit.mail.mail_files import MailFile, read_mail_files
from tests.support.deployment import Deployment
from tests.support.processes import RunningServer
from tests.support.waiting import until


@dataclass(frozen=True)
class Product:
    """A server in development mode, which writes mail into a folder.

    A test may `kill` and `start` the server of a product that it does not share.

    Attributes:
        deployment: folder and database.
        server: its processes.
        mail_folder: where the mails are.
    """

    deployment: Deployment
    server: RunningServer
    mail_folder: Path

    @property
    def origin(self) -> str:
        """Origin of the pages, which is PUBLIC_URL."""
        return f"http://localhost:{self.server.port}"

    def mails(self, recipient: str) -> list[MailFile]:
        """Return the mails to an address so far, newest first."""
        return [mail for mail in read_mail_files(self.mail_folder) if mail.recipient == recipient]

    async def mailed_link(self, recipient: str, path: str) -> str:
        """Wait for a mail with a link to a path, and return the link of the newest one.

        Args:
            recipient: e-mail address.
            path: such as `/account/reset-password`.
        """
        await until(lambda: bool(self._links(recipient, path)))
        return self._links(recipient, path)[0]

    def _links(self, recipient: str, path: str) -> list[str]:
        words = [word for mail in self.mails(recipient) for word in mail.text.split()]
        return [word for word in words if word.partition("#")[0] == self.origin + path]


@contextmanager
def running_product(
    deployment: Deployment, *, workers: int = 1, port: int | None = None, **variables: str
) -> Iterator[Product]:
    """Start the server of a product, and stop it at the end of the block.

    Args:
        deployment: folder and database.
        workers: number of server processes.
        port: of the server; None for a free one.
        **variables: environment variables, instead of the usual ones.
    """
    folder = deployment.folder / "mail"
    usual = {
        "ENVIRONMENT": "development",
        "MAIL_FROM": "Acme Notes <no-reply@example.com>",
        "MAIL_FOLDER": str(folder),
        "MAIL_DELAY_SECONDS": "0",
    }
    with deployment.server(workers=workers, port=port, **{**usual, **variables}) as server:
        yield Product(deployment, server, folder)
