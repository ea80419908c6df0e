"""One secret of each kind, in every place where a log line can carry text."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import argon2
import httpx
import pytest
from loguru import logger

from auth_api.kit.crypto.signing import KeyRing, SigningKey
from auth_api.kit.crypto.tokens import SECRET_KINDS, new_token
from auth_api.kit.log_format import json_line, text_line
from tests.support.log_lines import lines_of_request

pytestmark = pytest.mark.engine_independent

PASSWORD = "Battery-7-Staple-Of-This-Test"

SECRETS = {
    **{f"{kind.prefix}: {kind.purpose}": new_token(kind).raw for kind in SECRET_KINDS},
    "access token": KeyRing(SigningKey.from_secret("x" * 32)).sign({"sub": "7"}, token_type="at+jwt"),
    "password hash": argon2.PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD),
    "password in a URL": f"postgresql://ada:{PASSWORD}@db/auth",
}


def hidden_in(secret: str) -> str:
    """Return the part of the text that must not be logged."""
    return PASSWORD if PASSWORD in secret else secret


def raise_with(text: str, *, note: str = "") -> NoReturn:
    error = ValueError(text)
    if note:
        error.add_note(note)
    raise error


def raise_from(text: str) -> NoReturn:
    try:
        raise_with(text)
    except ValueError as error:
        raise RuntimeError from error


def raise_during(text: str) -> NoReturn:
    try:
        raise_with(text)
    except ValueError:
        raise RuntimeError  # noqa: B904 - without a cause


def raise_group(text: str) -> NoReturn:
    message = "several"
    raise ExceptionGroup(message, [ValueError(text)])


def log_error(fail: Callable[[str], NoReturn], text: str) -> None:
    try:
        fail(text)
    except Exception:  # noqa: BLE001 - any kind
        logger.exception("failed")


PLACES: dict[str, Callable[[str], None]] = {
    "message": logger.info,
    "argument of the message": lambda text: logger.info("got {}", text),
    "field": lambda text: logger.bind(value=text).info("x"),
    "list": lambda text: logger.bind(values=[text]).info("x"),
    "value of a mapping": lambda text: logger.bind(values={"a": text}).info("x"),
    "key of a mapping": lambda text: logger.bind(values={"a": {text: 1}}).info("x"),
    "exception": lambda text: log_error(raise_with, text),
    "note of an exception": lambda text: log_error(lambda note: raise_with("x", note=note), text),
    "cause of an exception": lambda text: log_error(raise_from, text),
    "context of an exception": lambda text: log_error(raise_during, text),
    "member of a group": lambda text: log_error(raise_group, text),
    "message of a library": lambda text: logging.getLogger("some.library").warning(text),
    "argument of a library": lambda text: logging.getLogger("some.library").warning("got %s", text),
}


@pytest.fixture
def rendered(log_file: Path) -> Iterator[list[str]]:
    """The lines of this test as JSON and as text; libraries log into them once `log_file` is open."""
    lines: list[str] = []

    def render(message: Any) -> None:
        lines.extend(form(message.record).decode() for form in (json_line, text_line))

    handler = logger.add(render, level=0, format=lambda _: "")
    yield lines
    logger.remove(handler)


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("log", PLACES.values(), ids=PLACES)
def test_secret_is_redacted_in_every_place_of_a_line(
    rendered: list[str], log: Callable[[str], None], secret: str
) -> None:
    log(secret)

    assert len(rendered) == 2
    assert all("[redacted]" in line for line in rendered)
    assert [line for line in rendered if hidden_in(secret) in line] == []


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
async def test_secret_in_a_request_is_not_logged(client: httpx.AsyncClient, log_file: Path, secret: str) -> None:
    response = await client.get(
        f"/api/{quote(secret)}",
        params={"next": secret},
        headers={"User-Agent": secret, "Referer": secret, "X-Request-ID": secret[:64], "Accept-Language": secret},
    )

    request_id = response.headers["x-request-id"]
    assert len(request_id) == 32
    assert hidden_in(secret)[:64] not in str(await lines_of_request(log_file, request_id))
