"""Reads the mails that were written into the development folder."""

import email
import email.policy
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path

import msgspec


class MailFile(msgspec.Struct, frozen=True, kw_only=True):
    """A mail in the folder; `name` is the name of its file without the suffix."""

    name: str
    recipient: str
    subject: str
    sent_at: datetime
    text: str
    html: str


def read_mail_files(folder: str | Path) -> list[MailFile]:
    """Return all mails in a folder, newest first. A missing folder is empty."""
    found = []
    for path in Path(folder).glob("[!.]*.eml"):
        try:
            found.append((path.stat().st_mtime_ns, path.stem, path.read_bytes()))
        except FileNotFoundError:  # removed by a newer mail
            continue
    return [_read(name, content) for _, name, content in sorted(found, reverse=True)]


def _read(name: str, content: bytes) -> MailFile:
    message = email.message_from_bytes(content, policy=email.policy.default)
    return MailFile(
        name=name,
        recipient=str(message["To"]),
        subject=str(message["Subject"]),
        sent_at=message["Date"].datetime,
        text=_part(message, "plain"),
        html=_part(message, "html"),
    )


def _part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    return str(body.get_content()) if body is not None else ""
