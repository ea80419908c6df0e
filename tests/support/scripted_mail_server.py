"""An SMTP server on loopback that sends the replies of a test, byte for byte."""

import socketserver
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import ClassVar, Final, Self

CLOSE: Final = "close the connection"
SILENCE: Final = "do not reply"

DEFAULTS: Final = {
    "GREETING": "220 mail.example.com ESMTP",
    "EHLO": "250-mail.example.com\n250-STARTTLS\n250 AUTH PLAIN LOGIN",
    "AUTH": "235 2.7.0 Authentication successful",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End data with <CR><LF>.<CR><LF>",
    ".": "250 2.0.0 Ok: queued",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass
class ScriptedMailServer:
    """Listens during its `with` block.

    Args:
        replies: replies that replace DEFAULTS, by command; `GREETING` is the first line and `.` the reply to the mail.
            Lines are separated by newlines. CLOSE and SILENCE are possible.
        recipients: replies to RCPT by recipient, before those of `replies`.
        asked: the recipients of all RCPT commands, in the order of their arrival.
        accepted: the recipients whose mails were accepted.
        on_silence: called in a thread of the server before it is SILENT.
    """

    replies: dict[str, str] = field(default_factory=dict)
    recipients: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)
    on_silence: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    _server: socketserver.ThreadingTCPServer | None = None

    @property
    def port(self) -> int:
        """TCP port."""
        assert self._server is not None
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        script = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                _converse(self, script)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                """Write nothing: clients may break the connection."""

        self._server = Server(("127.0.0.1", 0), Conversation)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    def reply_to(self, command: str, recipient: str) -> str:
        """Return the reply to a command."""
        if command == "RCPT" and recipient in self.recipients:
            return self.recipients[recipient]
        return self.replies.get(command) or DEFAULTS.get(command, "502 5.5.2 Command not recognized")


def _converse(connection: socketserver.StreamRequestHandler, script: ScriptedMailServer) -> None:
    recipient = ""
    command = "GREETING"
    while True:
        reply = script.reply_to(command, recipient)
        if reply == CLOSE:
            return
        if reply == SILENCE:
            ScriptedMailServer.on_silence()
        else:
            connection.wfile.write(reply.replace("\n", "\r\n").encode() + b"\r\n")
        if command == "QUIT" and reply != SILENCE:
            return
        if command == "." and reply.startswith("2"):
            script.accepted.append(recipient)
        line = _read_mail(connection) if command == "DATA" and reply.startswith("354") else connection.rfile.readline()
        if not line:
            return
        command = line.decode("latin-1").split(" ")[0].strip().upper()
        if command == "RCPT":
            recipient = line.decode("latin-1").partition("<")[2].partition(">")[0]
            script.asked.append(recipient)


def _read_mail(connection: socketserver.StreamRequestHandler) -> bytes:
    """Return the line that ends the mail; empty if the client closed the connection."""
    while (line := connection.rfile.readline()) not in {b".\r\n", b""}:
        pass
    return line
