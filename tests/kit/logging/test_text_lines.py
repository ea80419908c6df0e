"""The form for a terminal: readable, and not to be forged by what a client sends."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from auth_api.kit.log_format import request_id_of_context, text_line

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the lines of this test look like."""
    rendered: list[str] = []
    handler = logger.add(
        lambda message: rendered.append(text_line(message.record).decode()), level=0, format=lambda _: ""
    )
    yield rendered
    logger.remove(handler)


def test_a_line_is_time_level_message_and_details(lines: list[str]) -> None:
    token = request_id_of_context.set("abc-1")
    logger.bind(path="/api/ä", status=200).info("request")
    request_id_of_context.reset(token)

    (line,) = lines
    assert re.fullmatch(r"\d\d:\d\d:\d\d INFO     request path=/api/ä status=200 request_id=abc-1\n", line)


CONTROL = {
    "line feed": "\n",
    "carriage return": "\r",
    "both": "\r\n",
    "vertical tab": "\x0b",
    "form feed": "\x0c",
    "colour": "\x1b[31m",
    "cursor up": "\x1b[1A",
    "title of the window": "\x1b]0;x\x07",
    "backspace": "\x08",
    "NUL": "\x00",
    "next line": "\x85",
    "C1 escape": "\x9b31m",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "right-to-left override": "\u202e",
    "half of a surrogate pair": "\ud83d",
}


@pytest.mark.parametrize("character", CONTROL.values(), ids=CONTROL)
@pytest.mark.parametrize("place", ["message", "detail", "name"])
def test_no_text_can_write_lines_of_its_own(lines: list[str], character: str, place: str) -> None:
    text = f"x{character}12:00:00 INFO     forged"
    details: dict[str, dict[str, Any]] = {"message": {}, "detail": {"path": text}, "name": {text: 1}}

    logger.bind(**details[place]).info("{}", text if place == "message" else "request")

    (line,) = lines
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    assert line[:-1].isprintable()


def test_a_trace_follows_its_line(lines: list[str]) -> None:
    try:
        int("seven")
    except ValueError:
        logger.exception("unexpected error")

    first, second, *_, last = lines[0].splitlines()
    assert first.endswith("ERROR    unexpected error")
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: invalid literal for int() with base 10: 'seven'"
