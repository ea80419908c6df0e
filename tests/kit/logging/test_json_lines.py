"""Every log line is one flat JSON object."""

import json
import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from loguru import logger

from auth_api.kit.log_format import json_line, request_id_of_context

pytestmark = pytest.mark.engine_independent


class Coordinates(msgspec.Struct):
    """A value that is not a JSON type."""

    x: int


@pytest.fixture
def lines() -> Iterator[list[bytes]]:
    """The lines that the test logs."""
    rendered: list[bytes] = []
    handler = logger.add(lambda message: rendered.append(json_line(message.record)), level=0, format=lambda _: "")
    yield rendered
    logger.remove(handler)


def only(lines: list[bytes]) -> dict[str, Any]:
    (line,) = lines
    document: dict[str, Any] = json.loads(line)
    return document


def test_line_has_timestamp_level_logger_message_and_fields(lines: list[bytes]) -> None:
    logger.bind(event="session:refreshed", user_id=7).info("refreshed")

    line = only(lines)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("timestamp"))
    assert line == {
        "level": "INFO",
        "logger": __name__,
        "message": "refreshed",
        "event": "session:refreshed",
        "user_id": 7,
    }


@pytest.mark.parametrize(
    "character",
    ["\n", "\r\n", "\x00", "\x1b[31m", "\x7f", "\x85", "\x9b", "\u2028", "\u2029", "\u202e", "\u2066", "\U000e0001"],
)
def test_character_that_is_not_printable_is_escaped(lines: list[bytes], character: str) -> None:
    text = f'before{character}{{"level":"INFO"}}'

    logger.bind(path=text).info("{}", text)

    assert (only(lines)["message"], only(lines)["path"]) == (text, text)
    assert lines[0].endswith(b"}\n")
    assert lines[0][:-1].decode().isprintable()


def test_lines_of_a_request_contain_its_id(lines: list[bytes]) -> None:
    token = request_id_of_context.set("abc-1")
    logger.info("within")
    request_id_of_context.reset(token)
    logger.info("outside")

    within, outside = (json.loads(line) for line in lines)
    assert within["request_id"] == "abc-1"
    assert "request_id" not in outside


IDENTIFIER = uuid.UUID("0194f5a0-0000-7000-8000-000000000000")

VALUES: dict[str, tuple[Any, Any]] = {
    "text": ("Ädä", "Ädä"),
    "number": (7, 7),
    "large number": (2**70, 2**70),
    "fraction": (0.25, 0.25),
    "boolean": (True, True),
    "nothing": (None, None),
    "not a number": (float("nan"), None),
    "list": ([1, "a"], [1, "a"]),
    "tuple": ((1, 2), [1, 2]),
    "mapping": ({"a": {"b": 1}}, {"a": {"b": 1}}),
    "mapping with numeric keys": ({1: "a"}, {"1": "a"}),
    "UUID": (IDENTIFIER, str(IDENTIFIER)),
    "moment": (datetime(2026, 2, 19, tzinfo=UTC), "2026-02-19 00:00:00+00:00"),
    "path": (Path("/tmp/x"), "/tmp/x"),  # noqa: S108 - only a text here
    "bytes": (b"ab", "b'ab'"),
    "struct": (Coordinates(x=1), "Coordinates(x=1)"),
    "exception": (ValueError("why"), "why"),
    "half of a surrogate pair": ("\udcff", "\udcff"),
}


@pytest.mark.parametrize(("value", "written"), VALUES.values(), ids=VALUES)
def test_value_is_written_as_json(lines: list[bytes], value: Any, written: Any) -> None:
    logger.bind(value=value).info("value")

    assert only(lines)["value"] == written


def test_message_that_cannot_be_encoded_as_utf8_is_escaped(lines: list[bytes]) -> None:
    logger.info("no such file: {}", b"\xff.txt".decode(errors="surrogateescape"))

    assert only(lines)["message"] == "no such file: \udcff.txt"


def log_in(password: str) -> None:
    attempts = {"password": password}
    raise ValueError(len(attempts))


def test_traceback_contains_functions_and_no_values(lines: list[bytes]) -> None:
    hidden = "Correct-Horse-" + "7-Staple"
    try:
        log_in(hidden)
    except ValueError:
        logger.exception("unexpected error")

    assert only(lines)["error_type"] == "ValueError"
    trace = only(lines)["exception"]
    assert "in log_in" in trace
    assert trace.endswith("ValueError: 1\n")
    assert hidden not in lines[0].decode()
    assert lines[0].count(b"\n") == 1


def test_traceback_contains_causes_with_redacted_messages(lines: list[bytes]) -> None:
    token = "rt_" + "A" * 43
    sessions: dict[str, int] = {}
    try:
        try:
            sessions[token]
        except KeyError as error:
            raise RuntimeError from error
    except RuntimeError:
        logger.exception("unexpected error")

    trace = only(lines)["exception"]
    assert "KeyError: '[redacted]'" in trace
    assert token not in trace


def test_record_that_claims_an_exception_without_one_is_written(lines: list[bytes]) -> None:
    logger.opt(exception=True).error("nothing was raised")

    assert only(lines)["message"] == "nothing was raised"
