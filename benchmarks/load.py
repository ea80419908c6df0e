"""Drive wrk, and reject measurements with wrong responses."""

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
_TIMEOUT_SECONDS: Final = 30


class WrongResponseError(Exception):
    """A response was not the expected one, so the measurement is void."""


@dataclass(frozen=True)
class Traffic:
    """Requests to send, and the expected response.

    Attributes:
        requests: complete HTTP requests, sent in turn; with `chain`, each is sent once.
        status: expected status.
        expect: text that the body of the response must contain.
        chain: a Lua pattern that captures a part of a response for the next request.
        template: a request in which `~` is replaced by the captured part or, without `chain`, by a new number.
        pause: milliseconds between a response and the next request of its connection.
    """

    requests: Sequence[str]
    status: int = 200
    expect: str = ""
    chain: str = ""
    template: str = ""
    pause: int = 0


@dataclass(frozen=True)
class Driven:
    """The result of wrk; times in milliseconds."""

    rate: float
    p50: float
    p99: float
    responses: int


def request(  # noqa: PLR0913 - the parts of a request
    method: str,
    path: str,
    *,
    host: str,
    token: str = "",
    body: str = "",
    headers: Sequence[str] = (),
    form: bool = False,
) -> str:
    """Return an HTTP/1.1 request in its wire format."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *headers]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", body])


def drive(port: int, traffic: Traffic, *, connections: int, seconds: float) -> Driven:
    """Send the traffic on a number of connections for a number of seconds.

    Raises:
        WrongResponseError: a response was wrong or missing.
    """
    with _driving(port, traffic, connections, seconds) as process:
        return _result(process)


@contextmanager
def driving(port: int, traffic: Traffic, *, connections: int, seconds: float) -> Iterator[None]:
    """Send the traffic during the block.

    Raises:
        WrongResponseError: a response was wrong or missing.
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
        command += ["--timeout", f"{_TIMEOUT_SECONDS}s", "--script", str(_SCRIPT), f"http://127.0.0.1:{port}"]
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
        raise WrongResponseError(output)
    seen = json.loads(last)
    if seen["wrong"] or seen["errors"]:
        message = f"{seen['wrong']} wrong responses, {seen['errors']} errors of {seen['responses']}: {seen['first']}"
        raise WrongResponseError(message)
    return Driven(seen["responses"] / seen["seconds"], seen["p50"], seen["p99"], seen["responses"])


def _as_lua(traffic: Traffic) -> str:
    requests = ",\n".join(_quoted(text) for text in traffic.requests)
    return (
        f"REQUESTS = {{{requests}}}\nSTATUS = {traffic.status}\nEXPECT = {_quoted(traffic.expect)}\n"
        f"CHAIN = {_quoted(traffic.chain)}\nTEMPLATE = {_quoted(traffic.template)}\nPAUSE = {traffic.pause}\n"
    )


def _quoted(text: str) -> str:
    """Return a Lua string literal with each byte as its decimal number."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'
