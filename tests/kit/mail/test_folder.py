"""Writing mails into a folder during development."""

import stat
from email import message_from_bytes
from email.headerregistry import Address
from email.policy import default
from pathlib import Path

import pytest

from auth_api.kit.mail.failures import TransientMailError
from auth_api.kit.mail.folder import MAX_FILES, FolderMailer
from auth_api.kit.mail.message import Message

SENDER = Address("auth_api", "no-reply", "localhost")


def message(number: int = 1) -> Message:
    return Message(
        message_id=f"20260219103045.{number:04}@localhost",
        recipient="ada@example.com",
        subject="Set a new password",
        text="The text.\n",
        html="<p>The text.</p>\n",
    )


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_mail_is_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    await FolderMailer(tmp_path / "mail", SENDER).send(message())

    (file,) = (tmp_path / "mail").iterdir()
    mail = message_from_bytes(file.read_bytes(), policy=default)
    assert file.name == "20260219103045.0001-localhost.eml"
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Set a new password")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_mail_is_printed_only_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    await FolderMailer(tmp_path, SENDER).send(message(1))
    assert capsys.readouterr().out == ""

    await FolderMailer(tmp_path, SENDER, prints=True).send(message(2))
    assert capsys.readouterr().out == "\nMail to ada@example.com: Set a new password\n\nThe text.\n\n"


async def test_oldest_mails_are_removed_above_the_maximum(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path, SENDER)

    for number in range(MAX_FILES + 3):
        await mailer.send(message(number))

    names = files(tmp_path)
    assert (len(names), names[0]) == (MAX_FILES, "20260219103045.0003-localhost.eml")


async def test_mail_that_another_process_is_writing_is_not_removed(tmp_path: Path) -> None:
    unfinished = tmp_path / ".20260219103045.9999-localhost.eml"
    unfinished.touch()
    mailer = FolderMailer(tmp_path, SENDER)

    for number in range(MAX_FILES):
        await mailer.send(message(number))

    assert len(files(tmp_path)) == MAX_FILES + 1
    assert unfinished.exists()


async def test_mail_sent_twice_is_one_file(tmp_path: Path) -> None:
    for _ in range(2):
        await FolderMailer(tmp_path, SENDER).send(message())

    assert len(files(tmp_path)) == 1


async def test_unwritable_folder_is_a_transient_error(tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("a file is in the way")

    with pytest.raises(TransientMailError):
        await FolderMailer(tmp_path / "mail", SENDER).send(message())
