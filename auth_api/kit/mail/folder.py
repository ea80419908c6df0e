"""Lays mail down in a folder, where a developer finds it; nothing leaves the machine."""

import asyncio
import os
import re
import sys
from email.headerregistry import Address
from pathlib import Path
from typing import Final

from auth_api.kit.mail.message import Message, SendStep, TransientMailError, to_mime

KEPT: Final = 100
"""Mails; older ones are removed when a new one comes."""

_UNFIT: Final = re.compile(r"[^A-Za-z0-9._-]")


class FolderMailer:
    """Writes each mail as a file of its own, newest last by name, and shows it on the terminal.

    Args:
        folder: where; made when the first mail comes.
        sender: stands in `From`.
        shows: print the text as well: standard output is the developer's, the log would keep the token.
    """

    def __init__(self, folder: Path, sender: Address, *, shows: bool = False) -> None:
        self._folder = folder
        self._sender = sender
        self._shows = shows

    async def send(self, message: Message) -> None:
        """Write one mail.

        Raises:
            TransientMailError: the folder cannot be written to.
        """
        try:
            await asyncio.to_thread(self._write, message)
        except OSError as error:
            raise TransientMailError(type(error).__name__, step=SendStep.FOLDER) from None
        if self._shows:
            sys.stdout.write(f"\nMail to {message.recipient}: {message.subject}\n\n{message.text}\n")
            sys.stdout.flush()

    def _write(self, message: Message) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{_UNFIT.sub('-', message.message_id)}.eml"
        unfinished = self._folder / f".{name}"
        descriptor = os.open(unfinished, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(to_mime(message, self._sender).as_bytes())
        unfinished.rename(self._folder / name)
        for old in sorted(self._folder.glob("*.eml"))[:-KEPT]:
            old.unlink(missing_ok=True)
