"""PostgreSQL's errors quote values of rows; the log contains the error code and no value."""

import json
from collections.abc import Callable, Iterator
from typing import cast

import asyncpg
import pytest
from loguru import logger

from auth_api.kit.errors import DatabaseUnavailableException
from auth_api.kit.log_format import json_line, text_line

pytestmark = pytest.mark.engine_independent

EMAIL = "ada@example.com"


def duplicate() -> Exception:
    """Return the error as the driver builds it from the server's message."""
    fields = {
        "S": "ERROR",
        "C": "23505",
        "M": 'duplicate key value violates unique constraint "users_email_key"',
        "D": f"Key (email)=({EMAIL}) already exists.",
        "n": "users_email_key",
    }
    return cast("Exception", asyncpg.PostgresError.new(fields))


def wrong_type() -> Exception:
    """Return the error of the driver that rejects a value."""
    message = f"invalid input for query argument $1: '{EMAIL}' (an integer is required)"
    return cast("Exception", asyncpg.DataError(message))


def raise_directly(error: Exception) -> None:
    raise error


def raise_as_cause(error: Exception) -> None:
    raise DatabaseUnavailableException from error


def raise_as_context(error: Exception) -> None:
    try:
        raise_directly(error)
    finally:
        raise LookupError


def raise_as_cause_of_a_cause(error: Exception) -> None:
    try:
        raise_as_cause(error)
    except DatabaseUnavailableException as unavailable:
        raise LookupError from unavailable


def raise_in_a_group(error: Exception) -> None:
    message = "several failed"
    raise ExceptionGroup(message, [LookupError(), error])


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The lines of this test as JSON and as text."""
    rendered: list[str] = []
    handler = logger.add(
        lambda message: rendered.extend([json_line(message.record).decode(), text_line(message.record).decode()]),
        level=0,
        format=lambda _: "",
    )
    yield rendered
    logger.remove(handler)


@pytest.mark.parametrize("error", [duplicate, wrong_type])
@pytest.mark.parametrize(
    "raise_it", [raise_directly, raise_as_cause, raise_as_context, raise_as_cause_of_a_cause, raise_in_a_group]
)
def test_traceback_contains_no_value_of_a_row(
    logged: list[str], error: Callable[[], Exception], raise_it: Callable[[Exception], None]
) -> None:
    made = error()
    assert EMAIL in str(made)

    try:
        raise_it(made)
    except Exception:  # noqa: BLE001 - the class depends on the parameter
        logger.exception("unexpected error")

    assert len(logged) == 2
    assert [line for line in logged if EMAIL in line] == []


def test_traceback_contains_the_sqlstate_and_the_constraint(logged: list[str]) -> None:
    try:
        raise_directly(duplicate())
    except asyncpg.PostgresError:
        logger.exception("unexpected error")

    trace = json.loads(logged[0])["exception"]
    assert trace.endswith("UniqueViolationError: sqlstate 23505, constraint users_email_key\n")
