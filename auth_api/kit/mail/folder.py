"""Writes mails into a folder during development, so that none leaves the machine."""

import asyncio
import os
import re
import sys
from email.headerregistry import Address
from pathlib import Path
from typing import Final

from auth_api.kit.mail.failures import FailureMeaning, SendPhase, TransientMailError
from auth_api.kit.mail.message import Message, to_mime

MAX_FILES: Final = 100
"""Number of mails in the folder; a new mail removes the oldest ones."""

_UNSAFE_CHARACTERS: Final = re.compile(r"[^A-Za-z0-9._-]")


class FolderMailer:
    """Writes each mail into a file of its own; the file names sort by time.

    Args:
        folder: created with the first mail.
        sender: the `From` header.
        prints: whether to print the text to standard output, too. The log must not contain it: it has the token.
    """

    def __init__(self, folder: Path, sender: Address, *, prints: bool = False) -> None:
        self._folder = folder
        self._sender = sender
        self._prints = prints

    async def send(self, message: Message) -> None:
        """Write a mail.

        Raises:
            TransientMailError: the folder cannot be written to, or a value cannot be part of a mail.
        """
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise TransientMailError(
                type(error).__name__, meaning=FailureMeaning.FOLDER, phase=SendPhase.FOLDER
            ) from None
        if self._prints:
            sys.stdout.write(f"\nMail to {message.recipient}: {message.subject}\n\n{message.text}\n")
            sys.stdout.flush()

    def _write(self, message: Message) -> None:
        content = to_mime(message, self._sender).as_bytes()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{_UNSAFE_CHARACTERS.sub('-', message.message_id)}.eml"
        unfinished = self._folder / f".{name}"
        descriptor = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        unfinished.rename(self._folder / name)
        for old in sorted(self._folder.glob("[!.]*.eml"))[:-MAX_FILES]:
            old.unlink(missing_ok=True)
