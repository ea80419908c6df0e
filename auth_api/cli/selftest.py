"""`auth-api selftest`."""

import http.client
import json
import secrets
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import click

from auth_api.kit.clock import monotonic

SAMPLES: Final = 200
TOLERANCE: Final = 0.10
AUC_RANGE: Final = (0.4, 0.6)
VARYING: Final = frozenset({"timestamp", "request_id"})
VARYING_HEADERS: Final = frozenset({"date", "x-request-id"})


class Server:
    """A server under test, on one connection that stays open: setting one up would drown what is measured."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = make(parts.hostname or "", parts.port, timeout=30)

    def post(self, path: str, body: dict[str, str], token: str = "") -> tuple[int, dict[str, Any], dict[str, str]]:
        """Return status, document and headers of an answer."""
        headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
        self._connection.request("POST", path, json.dumps(body), headers)
        response = self._connection.getresponse()
        content = response.read()
        names = {name.lower(): value for name, value in response.getheaders()}
        return response.status, json.loads(content) if content else {}, names

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


@click.group()
def selftest() -> None:
    """Try the product's promises on a running server."""


@selftest.command()
@click.argument("url")
@click.option("--samples", type=click.IntRange(20, 5000), default=SAMPLES, show_default=True, help="Of each kind.")
def enumeration(url: str, samples: int) -> None:
    """Tell whether the server at URL lets strangers find out who has an account.

    Registers an account, deletes it again, and in between compares wrong passwords for it with logins to accounts that
    do not exist. For a staging server with RATE_LIMIT_ENABLED=false.
    """
    server = Server(url)
    try:
        with _account(server) as known:
            findings = _compare(server, known, samples)
    except (OSError, http.client.HTTPException, ValueError) as error:
        message = f"{url} does not answer as expected: {error}"
        raise click.ClickException(message) from error
    finally:
        server.close()
    for finding in findings:
        click.echo(finding)
    sys.exit(1 if any(finding.startswith("FAIL") for finding in findings) else 0)


@contextmanager
def _account(server: Server) -> Iterator[str]:
    name, password = f"selftest-{secrets.token_hex(6)}", f"Aa1!{secrets.token_urlsafe(24)}"
    body = {"email": f"{name}@example.com", "username": name, "password": password}
    status, document, _ = server.post("/api/auth/register", body)
    if status != http.HTTPStatus.CREATED:
        message = f"registering answered {status} {document.get('error_code')}"
        raise ValueError(message)
    try:
        yield name
    finally:
        server.post("/api/user/delete", {"current_password": password}, document["access_token"])


def _compare(server: Server, known: str, samples: int) -> list[str]:
    """Take turns, so that a change of the machine's mood hits both alike."""
    times: dict[str, list[float]] = {"known": [], "unknown": []}
    responses: dict[str, set[str]] = {"known": set(), "unknown": set()}
    for _ in range(samples):
        for kind, name in (("known", known), ("unknown", f"selftest-{secrets.token_hex(6)}")):
            began = monotonic()
            status, document, headers = server.post(
                "/api/auth/login", {"username": name, "password": "Wrong-1-password"}
            )
            times[kind].append(monotonic() - began)
            if status == http.HTTPStatus.TOO_MANY_REQUESTS:
                message = "429: limits are on; set RATE_LIMIT_ENABLED=false for this test"
                raise ValueError(message)
            responses[kind].add(_shape(status, document, headers))
    return [_judge_answers(responses), *_judge_times(times["known"], times["unknown"])]


def _shape(status: int, document: dict[str, Any], headers: dict[str, str]) -> str:
    """Return all of an answer that must not differ."""
    body = {name: value for name, value in document.items() if name not in VARYING}
    kept = {name: value for name, value in headers.items() if name not in VARYING_HEADERS}
    return json.dumps([status, body, kept], sort_keys=True)


def _judge_answers(responses: dict[str, set[str]]) -> str:
    same = responses["known"] == responses["unknown"] and len(responses["known"]) == 1
    return "ok    answers are the same" if same else "FAIL  answers differ"


def _judge_times(known: Sequence[float], unknown: Sequence[float]) -> Iterator[str]:
    medians = statistics.median(known), statistics.median(unknown)
    ratio = medians[0] / medians[1]
    verdict = "ok  " if abs(ratio - 1) <= TOLERANCE else "FAIL"
    yield f"{verdict}  medians {medians[0] * 1000:.2f} ms and {medians[1] * 1000:.2f} ms, ratio {ratio:.3f}"
    auc = area_under_curve(known, unknown)
    verdict = "ok  " if AUC_RANGE[0] <= auc <= AUC_RANGE[1] else "FAIL"
    yield f"{verdict}  AUC {auc:.3f} (0.5: one time tells nothing about the account)"


def area_under_curve(first: Sequence[float], second: Sequence[float]) -> float:
    """Return how often a value of the first is larger than one of the second; a tie counts half."""
    wins = sum((a > b) + (a == b) / 2 for a in first for b in second)
    return wins / (len(first) * len(second))
