"""Texts of statements are taken apart once, and come out as Piccolo would make them."""

from typing import Any
from uuid import UUID

import pytest
from piccolo.querystring import QueryString

from auth_api.kit.db.raw_sql import compiled
from auth_api.users.tables import UserRow

NOBODY = UUID(int=0)


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
def test_a_statement_is_what_piccolo_makes_of_it(template: str, values: list[Any], engine_type: str) -> None:
    query = QueryString(template, *values)
    text, parameters = query.compile_string(engine_type)

    for _ in range(2):
        assert [*compiled(query, engine_type)] == [text, parameters]


def test_the_same_text_takes_other_values() -> None:
    first = compiled(QueryString("SELECT {}, {}", 1, "one"), "postgres")
    second = compiled(QueryString("SELECT {}, {}", NOBODY, None), "postgres")

    assert first == ("SELECT $1, $2", [1, "one"])
    assert second == ("SELECT $1, $2", [NOBODY, None])
    assert first[0] is second[0]  # what asyncpg finds its prepared statement by


def test_both_engines_have_their_own_text() -> None:
    query = QueryString("SELECT {}", 1)

    assert compiled(query, "postgres") == ("SELECT $1", [1])
    assert compiled(query, "sqlite") == ("SELECT ?", [1])
