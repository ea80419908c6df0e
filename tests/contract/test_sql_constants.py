"""The check for constant SQL accepts constants and rejects everything that a request could change."""

import ast
from textwrap import dedent
from typing import Final

import pytest

from tests.support.sql_constants import variable_queries

pytestmark = pytest.mark.engine_independent

OTHER_MODULE: Final = """
    from typing import Final

    COLUMNS: Final = "id, name"
    READ: Final = "SELECT " + COLUMNS
    NOT_FINAL = "id"
    COMPUTED: Final = ", ".join(["id", "name"])
    BROKEN: Final = f"SELECT {name_of_table()}"
"""

PRELUDE: Final = """
    from typing import Final
    from auth_api.other import BROKEN, COLUMNS, COMPUTED, NOT_FINAL, READ
    from auth_api.other import COLUMNS as OTHER_COLUMNS
    from elsewhere import FOREIGN

    NOW: Final = "clock_timestamp()"
    _OWN: Final[str] = f"{COLUMNS}, {NOW}"
    PLAIN = "id"
    lower_case: Final = "id"
    REBOUND: Final = "id"
    NUMBER: Final = 1
"""

CONSTANT: Final = {
    "literal": 'table.raw("SELECT 1")',
    "neighbouring-literals": 'table.raw("SELECT " "1")',
    "literal-with-parameters": 'table.raw("SELECT {}", value)',
    "constant": "table.raw(READ)",
    "own-constant": "table.raw(_OWN)",
    "imported-under-another-name": 'table.raw(f"SELECT {OTHER_COLUMNS}")',
    "concatenation": 'table.raw("SELECT " + COLUMNS + " FROM users")',
    "f-string": 'table.raw(f"SELECT {COLUMNS}, {NOW} FROM users WHERE id = {{}}", value)',
    "f-string-beside-literal": 'table.raw(f"SELECT {COLUMNS} " "FROM users WHERE id = {}", value)',
    "ddl": 'engine.run_ddl("SELECT 1")',
    "condition": 'table.delete().where(WhereRaw(f"{NOW} > {{}}", value))',
    "query-string": 'QueryString("SELECT {}", value)',
}

VARIABLE: Final = {
    "nothing": "table.raw()",
    "starred": "table.raw(*COLUMNS)",
    "parameter": "table.raw(value)",
    "parameter-in-f-string": 'table.raw(f"SELECT {value}")',
    "parameter-in-concatenation": 'table.raw("SELECT " + value)',
    "ddl": 'engine.run_ddl(f"SELECT {value}")',
    "condition": 'table.delete().where(WhereRaw(f"{value} > 1"))',
    "query-string": 'querystring.QueryString("SELECT " + value)',
    "keyword": "table.raw(sql=value)",
    "local-variable": 'sql = "SELECT 1"\n    table.raw(sql)',
    "local-variable-in-capitals": 'SQL: Final = "SELECT 1"\n    table.raw(SQL)',
    "percent": 'table.raw("SELECT %s" % COLUMNS)',
    "percent-with-parameter": 'table.raw("SELECT %s" % value)',
    "function-call": "table.raw(make_sql())",
    "format": 'table.raw("SELECT {}".format(COLUMNS))',
    "function-call-in-f-string": 'table.raw(f"SELECT {make_sql()}")',
    "attribute": "table.raw(other.COLUMNS)",
    "attribute-in-f-string": 'table.raw(f"SELECT {self.COLUMNS}")',
    "conversion": 'table.raw(f"SELECT {COLUMNS!r}")',
    "format-specification": 'table.raw(f"SELECT {COLUMNS:>20}")',
    "subscript": "table.raw(COLUMNS[0])",
    "conditional": "table.raw(READ if value else NOW)",
    "repetition": 'table.raw("SELECT 1" * 2)',
    "number": "table.raw(NUMBER)",
    "lower-case-name": "table.raw(lower_case)",
    "name-without-final": "table.raw(PLAIN)",
    "unknown-name": "table.raw(UNKNOWN)",
    "imported-without-final": "table.raw(NOT_FINAL)",
    "imported-computed-value": "table.raw(COMPUTED)",
    "imported-f-string-with-call": "table.raw(BROKEN)",
    "imported-from-a-library": "table.raw(FOREIGN)",
    "rebound-in-a-function": "global REBOUND\n    REBOUND = value\n    table.raw(REBOUND)",
    "shadowed-by-a-local-variable": "NOW = value\n    table.raw(NOW)",
    "shadowed-by-a-loop-variable": "for NOW in value: table.raw(NOW)",
    "shadowed-by-a-comprehension": "[table.raw(NOW) for NOW in value]",
    "shadowed-by-an-import": "from elsewhere import NOW\n    table.raw(NOW)",
    "shadowed-by-an-assignment-expression": "table.raw(NOW) if (NOW := value) else None",
}


def variable_queries_in(statements: str, signature: str = "value, table, engine, other, self") -> list[str]:
    source = f"{dedent(PRELUDE)}\nasync def query({signature}):\n    {statements}\n"
    modules = {"auth_api.other": ast.parse(dedent(OTHER_MODULE))}
    return list(variable_queries(ast.parse(source), modules.get))


@pytest.mark.parametrize("statements", CONSTANT.values(), ids=CONSTANT)
def test_constant_sql_is_accepted(statements: str) -> None:
    assert variable_queries_in(statements) == []


@pytest.mark.parametrize("statements", VARIABLE.values(), ids=VARIABLE)
def test_variable_sql_is_rejected(statements: str) -> None:
    assert len(variable_queries_in(statements)) == 1


def test_parameter_that_shadows_a_constant_is_rejected() -> None:
    assert len(variable_queries_in("table.raw(NOW)", signature="NOW, table")) == 1
