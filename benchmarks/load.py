"""Drives wrk, and voids what was answered wrongly."""

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.machine import OTHER_CORES, pinned

_SCRIPT: Final = Path(__file__).with_name("traffic.lua")
_PATIENCE: Final = 30


class WrongAnswerError(Exception):
    """An answer was not the expected one: what was measured counts for nothing."""


@dataclass(frozen=True)
class Traffic:
    """Requests to send, and how to tell a right answer.

    Attributes:
        requests: whole HTTP requests, sent in turn; with `chain` each is sent once.
        status: of a right answer.
        expect: stands in the body of a right answer.
        chain: a Lua pattern that captures in an answer what belongs into the next request.
        template: a request in which `~` stands for what was captured, or without `chain` for a new number.
        pause: milliseconds between an answer and the next request of its connection.
    """

    requests: Sequence[str]
    status: int = 200
    expect: str = ""
    chain: str = ""
    template: str = ""
    pause: int = 0


@dataclass(frozen=True)
class Driven:
    """What wrk saw; times in milliseconds."""

    rate: float
    p50: float
    p99: float
    responses: int


def request(  # noqa: PLR0913 - a request has these parts
    method: str,
    path: str,
    *,
    host: str,
    token: str = "",
    body: str = "",
    headers: Sequence[str] = (),
    form: bool = False,
) -> str:
    """Return an HTTP/1.1 request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body])


def drive(port: int, traffic: Traffic, *, connections: int, seconds: float) -> Driven:
    """Send the traffic on so many connections for so long.

    Raises:
        WrongAnswerError: at least one answer was wrong, or missing.
    """
    with _driving(port, traffic, connections, seconds) as process:
        return _result(process)


@contextmanager
def driving(port: int, traffic: Traffic, *, connections: int, seconds: float) -> Iterator[None]:
    """Send the traffic while something else is measured; end it, right or wrong, afterwards.

    Raises:
        WrongAnswerError: as above.
    """
    with _driving(port, traffic, connections, seconds) as process:
        yield
        _result(process)


@contextmanager
def _driving(port: int, traffic: Traffic, connections: int, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as data:
        data.write(_as_lua(traffic))
        data.flush()
        command = ["wrk", "--threads", "1", "--connections", str(connections), "--duration", f"{round(seconds)}s"]
        command += ["--timeout", f"{_PATIENCE}s", "--script", str(_SCRIPT), f"http://127.0.0.1:{port}"]
        command += ["--", data.name]
        process = subprocess.Popen(
            pinned(command, OTHER_CORES), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def _result(process: "subprocess.Popen[str]") -> Driven:
    output, _ = process.communicate()
    last = output.strip().splitlines()[-1] if output.strip() else ""
    if process.returncode != 0 or not last.startswith("{"):
        raise WrongAnswerError(output)
    seen = json.loads(last)
    if seen["wrong"] or seen["errors"]:
        message = f"{seen['wrong']} wrong answers, {seen['errors']} errors of {seen['answers']}: {seen['first']}"
        raise WrongAnswerError(message)
    return Driven(seen["answers"] / seen["seconds"], seen["p50"], seen["p99"], seen["answers"])


def _as_lua(traffic: Traffic) -> str:
    requests = ",\n".join(_quoted(text) for text in traffic.requests)
    return (
        f"REQUESTS = {{{requests}}}\nSTATUS = {traffic.status}\nEXPECT = {_quoted(traffic.expect)}\n"
        f"CHAIN = {_quoted(traffic.chain)}\nTEMPLATE = {_quoted(traffic.template)}\nPAUSE = {traffic.pause}\n"
    )


def _quoted(text: str) -> str:
    """Write a string in Lua's own way, each byte as its decimal number."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'
