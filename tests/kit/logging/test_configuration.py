"""All loggers of a process write to one writer at one level. Each test runs in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.support.processes import clean_environment

pytestmark = pytest.mark.engine_independent

REPOSITORY = Path(__file__).parents[3]
PREAMBLE = """
    import asyncio, logging, sys, warnings
    from loguru import logger
    from auth_api.kit.log_format import request_id_of_context
    from auth_api.kit.logging import configure_logging
"""


def output_of(script: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a new process."""
    return subprocess.run(
        [sys.executable, "-c", dedent(PREAMBLE) + dedent(script)],
        cwd=REPOSITORY,
        env=clean_environment({}),
        capture_output=True,
        encoding="utf-8",
        timeout=30,
        check=True,
    )


def lines_of(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_all_loggers_write_to_the_same_output() -> None:
    result = output_of("""
        writer = configure_logging(level="INFO", as_json=True)
        logger.info("ours")
        logging.getLogger("some.library").warning("a %s of %d", "warning", 7)
        logging.getLogger("uvicorn.error").info("server")
        logging.getLogger("some.library").info("token %s", "rt_" + "A" * 43)
        logging.getLogger("some.library").log(25, "between the levels")
        logging.getLogger("some.library").info("%d", "not a number")
        logging.getLogger("some.library").info("{braces} stay")
        request_id_of_context.set("abc-1")
        warnings.warn("deprecated", DeprecationWarning)
        writer.stop()
    """)

    lines = lines_of(result)
    assert [(line["logger"], line["level"], line["message"]) for line in lines[:-1]] == [
        ("__main__", "INFO", "ours"),
        ("some.library", "WARNING", "a warning of 7"),
        ("uvicorn.error", "INFO", "server"),
        ("some.library", "INFO", "token [redacted]"),
        ("some.library", "Level 25", "between the levels"),
        ("some.library", "INFO", "%d"),
        ("some.library", "INFO", "{braces} stay"),
    ]
    assert (lines[-1]["logger"], lines[-1]["request_id"]) == ("py.warnings", "abc-1")
    assert [line.get("event") for line in lines] == [
        None,
        *["some:logged", "uvicorn:logged"],
        *["some:logged"] * 4,
        "py:logged",
    ]
    assert result.stderr == ""


def test_exception_of_a_library_logger_is_one_line_with_its_traceback() -> None:
    result = output_of("""
        writer = configure_logging(level="INFO", as_json=True)
        def fail(hidden):
            raise ValueError("why")
        try:
            fail("Correct-" + "Horse")
        except ValueError:
            logging.getLogger("some.library").exception("failed")
        logging.getLogger("some.library").error("without exception", exc_info=True)
        writer.stop()
    """)

    first, second = lines_of(result)
    assert (first["message"], first["exception"].splitlines()[-1]) == ("failed", "ValueError: why")
    assert second["message"] == "without exception"
    assert "Correct-Horse" not in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("DEBUG", ["debug", "info", "warning", "error", "debug", "info", "warning", "error"]),
        ("INFO", ["info", "warning", "error", "info", "warning", "error"]),
        ("ERROR", ["error", "error"]),
    ],
)
def test_log_level_applies_to_all_loggers(level: str, expected: list[str]) -> None:
    result = output_of(f"""
        writer = configure_logging(level="{level}", as_json=True)
        for log in (logger, logging.getLogger("some.library")):
            for name in ("debug", "info", "warning", "error"):
                getattr(log, name)(name)
        writer.stop()
    """)

    assert [line["message"] for line in lines_of(result)] == expected


def test_loggers_that_would_print_statements_or_query_strings_are_silent() -> None:
    result = output_of("""
        writer = configure_logging(level="DEBUG", as_json=True)
        for name in ("aiosqlite", "asyncio", "piccolo"):
            logging.getLogger(name).debug("INSERT INTO users VALUES ('ada')")
        logging.getLogger("uvicorn.access").info("GET /?token=x")
        writer.stop()
    """)

    assert (result.stdout, result.stderr) == ("", "")


def test_output_without_json_is_text() -> None:
    result = output_of("""
        writer = configure_logging(level="INFO", as_json=False)
        logging.getLogger("some.library").warning("as text")
        writer.stop()
    """)

    assert result.stdout.endswith("WARNING  as text event=some:logged\n")


def test_logging_configured_twice_writes_each_line_once() -> None:
    result = output_of("""
        configure_logging(level="INFO", as_json=True).stop()
        writer = configure_logging(level="INFO", as_json=True)
        logger.info("once")
        logging.getLogger("some.library").info("once")
        writer.stop()
    """)

    assert [line["message"] for line in lines_of(result)] == ["once", "once"]


def test_log_request_writes_the_same_line_as_loguru() -> None:
    result = output_of("""
        from auth_api.kit.logging import log_request
        writer = configure_logging(level="INFO", as_json=True)
        request_id_of_context.set("abc-1")
        fields = {"event": "request:completed", "path": "/", "status": 200, "route": None}
        logger.bind(**fields).info("request")
        log_request("__main__", **fields)
        writer.stop()
    """)

    usual, fast = lines_of(result)
    assert fast.pop("timestamp").endswith("Z")
    usual.pop("timestamp")
    assert list(fast.items()) == list(usual.items())


@pytest.mark.parametrize(
    ("set_up", "expected"),
    [
        ('writer = configure_logging(level="WARNING", as_json=True)', ""),
        ('writer = configure_logging(level="INFO", as_json=False)', "INFO     request path=/ status=200\n"),
        ('logger.remove(); logger.add(sys.stdout, format="{name} {message} {extra[path]}")', "a.b request /\n"),
    ],
    ids=["higher level", "text", "configured by other code"],
)
def test_log_request_respects_the_configuration(set_up: str, expected: str) -> None:
    result = output_of(f"""
        from auth_api.kit.logging import log_request
        {set_up}
        log_request("a.b", path="/", status=200)
        logger.remove()
    """)

    assert result.stdout.endswith(expected)
    assert bool(result.stdout) == bool(expected)
