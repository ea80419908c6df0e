"""Mails that cannot be built, with both mailers."""

from email.headerregistry import Address
from pathlib import Path
from typing import Final

import msgspec
import pytest

from auth_api.kit.mail.failures import TransientMailError
from auth_api.kit.mail.folder import FolderMailer
from auth_api.kit.mail.message import Mailer, Message
from auth_api.kit.mail.policy import SmtpServer
from auth_api.kit.mail.smtp import SmtpMailer
from tests.support.scripted_mail_server import ScriptedMailServer

pytestmark = pytest.mark.engine_independent

SENDER: Final = Address("", addr_spec="no-reply@example.com")
MESSAGE: Final = Message(
    message_id="7@example.com", recipient="ada@example.com", subject="Hello", text="Hello", html="<p>Hello</p>"
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("recipient", ""),
        ("recipient", "ada"),
        ("recipient", "ada@"),
        ("recipient", "@example.com"),
        ("recipient", "ada@exa mple.com"),
        ("recipient", "ada@example.com, eve@example.com"),
        ("recipient", "ada@example.com\r\nBcc: eve@example.com"),
        ("subject", "Hello\r\nBcc: eve@example.com"),
        ("subject", "Hello\nthere"),
        ("message_id", "7@example.com>\r\nBcc: <eve@example.com"),
        ("text", "\ud800"),
        ("html", "\ud800"),
    ],
)
@pytest.mark.parametrize("mailer", ["smtp", "folder"])
async def test_mail_that_cannot_be_built_does_not_count_as_an_outage(
    tmp_path: Path, mailer: str, field: str, value: str
) -> None:
    message = msgspec.structs.replace(MESSAGE, **{field: value})
    with ScriptedMailServer() as server:
        url = f"smtp://127.0.0.1:{server.port}?tls=none"
        by_smtp: Mailer = SmtpMailer(SmtpServer.from_url(url), SENDER)
        chosen = by_smtp if mailer == "smtp" else FolderMailer(tmp_path, SENDER)

        with pytest.raises(TransientMailError) as failed:
            await chosen.send(message)

    assert (failed.value.meaning, failed.value.meaning.is_outage) == ("content", False)
    assert (server.asked, any(tmp_path.iterdir())) == ([], False)  # noqa: ASYNC240 - an empty folder
