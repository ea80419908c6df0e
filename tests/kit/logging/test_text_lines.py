"""Text lines for a terminal are readable, and a client cannot forge them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from loguru import logger

from auth_api.kit.log_format import request_id_of_context, text_line

pytestmark = pytest.mark.engine_independent


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """The lines that the test logs."""
    rendered: list[str] = []
    handler = logger.add(
        lambda message: rendered.append(text_line(message.record).decode()), level=0, format=lambda _: ""
    )
    yield rendered
    logger.remove(handler)


def test_text_line_has_time_level_message_and_fields(lines: list[str]) -> None:
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
    "window title": "\x1b]0;x\x07",
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
@pytest.mark.parametrize("position", ["message", "value", "name"])
def test_control_character_cannot_forge_a_line(lines: list[str], character: str, position: str) -> None:
    text = f"x{character}12:00:00 INFO     forged"
    fields: dict[str, dict[str, Any]] = {"message": {}, "value": {"path": text}, "name": {text: 1}}

    logger.bind(**fields[position]).info("{}", text if position == "message" else "request")

    (line,) = lines
    assert line.endswith("\n")
    assert len(line.splitlines()) == 1
    assert line[:-1].isprintable()


def test_traceback_follows_its_text_line(lines: list[str]) -> None:
    try:
        int("seven")
    except ValueError:
        logger.exception("unexpected error")

    first, second, *_, last = lines[0].splitlines()
    assert first.endswith("ERROR    unexpected error")
    assert second == "Traceback (most recent call last):"
    assert last == "ValueError: invalid literal for int() with base 10: 'seven'"


@pytest.mark.parametrize("character", CONTROL.values(), ids=CONTROL)
def test_control_character_cannot_forge_a_line_of_a_traceback(lines: list[str], character: str) -> None:
    logger.opt(exception=ValueError(f"x{character}y")).error("unexpected error")

    *_, last = lines[0].removesuffix("\n").split("\n")
    assert last.startswith("y" if character.endswith("\n") else "ValueError: x")
    assert lines[0].replace("\n", "").isprintable()
