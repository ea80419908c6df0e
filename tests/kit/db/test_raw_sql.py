"""Compilation of raw SQL: cached by text, with the same result as Piccolo's own."""

from typing import Any
from uuid import UUID

import pytest
from piccolo.querystring import QueryString

from auth_api.kit.db.raw_sql import compile_query
from auth_api.users.tables import UserRow

ZERO = UUID(int=0)


@pytest.mark.parametrize("engine_type", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("SELECT 1", []),
        ("SELECT {}", [1]),
        ("UPDATE users SET username = {}, is_active = {} WHERE id = {} RETURNING id", ["ada", True, 7]),
        ("SELECT '{{}}' WHERE {} IS NULL", [None]),
        ("SELECT {} FROM users WHERE id = {}", [QueryString("count({})", 1), 2]),
        ("SELECT {} FROM users WHERE id = {}", [QueryString("id"), 2]),
        ("SELECT {} FROM users", [UserRow.id]),
    ],
)
def test_compiled_statement_equals_that_of_piccolo(template: str, values: list[Any], engine_type: str) -> None:
    query = QueryString(template, *values)
    text, parameters = query.compile_string(engine_type)

    for _ in range(2):
        assert [*compile_query(query, engine_type)] == [text, parameters]


def test_cached_text_is_reused_with_other_values() -> None:
    first = compile_query(QueryString("SELECT {}, {}", 1, "one"), "postgres")
    second = compile_query(QueryString("SELECT {}, {}", ZERO, None), "postgres")

    assert first == ("SELECT $1, $2", [1, "one"])
    assert second == ("SELECT $1, $2", [ZERO, None])
    assert first[0] is second[0]  # asyncpg finds its prepared statement by it


def test_each_engine_gets_its_own_notation() -> None:
    query = QueryString("SELECT {}", 1)

    assert compile_query(query, "postgres") == ("SELECT $1", [1])
    assert compile_query(query, "sqlite") == ("SELECT ?", [1])
