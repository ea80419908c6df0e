"""The rules of the house, read from the syntax trees: whoever breaks one learns it here, not in a review."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.source_tree import MODULES, Module, area_of, own_imports, package_of

pytestmark = pytest.mark.engine_independent

LAYERS: Final = (
    {"kit"},
    {"one_time_tokens", "throttling", "users"},
    {"events"},
    {"sessions"},
    {"credentials"},
    {"authentication"},
    {"flows"},
    {"operations"},
    {"web"},
    {
        "__init__",
        "__main__",
        "adapters",
        "app",
        "asgi",
        "cli",
        "composition",
        "doctor",
        "errors",
        "piccolo_app",
        "piccolo_conf",
        "server",
        "services",
        "settings",
    },
)
"""From the ground up: a module imports from its own layer and from those below it. The last one is the frame."""

FRAME: Final = LAYERS[-1]

TABLE_USERS: Final = {
    "auth_api.flows.account.repository": "exports rows of packages that do not do it themselves",
    "auth_api.operations.housekeeping.repository": "removes what is over of packages that do not do it themselves",
    "auth_api.flows.login.repository": "changes all that a login changes by one statement",
}

SQL_ROLES: Final = {"repository", "retention"}
"""What speaks SQL: each query is guarded by the breaker."""

LONGER_FILES: Final[dict[str, str]] = {}
LONGEST_FILE: Final = 250

VAGUE_NAMES: Final = {"common", "core", "helper", "helpers", "misc", "util", "utils"}

PACKAGES: Final = [module for module in MODULES if module.area not in FRAME | {"kit"}]
"""What has tables, services and controllers."""


def name_of(module: Module) -> str:
    return module.name


def foreign_imports(module: Module) -> Iterator[str]:
    """Yield the modules that a module imports from other packages than its own and the kit."""
    for name in own_imports(module):
        if package_of(name) != module.package and area_of(name) not in FRAME | {"kit"}:
            yield name


def role_of(name: str) -> str:
    stem = name.rpartition(".")[2]
    return "repository" if stem.endswith("_repository") else stem


def test_every_area_has_its_layer() -> None:
    assert {module.area for module in MODULES} == set().union(*LAYERS)


def test_imports_point_downwards() -> None:
    height = {area: number for number, layer in enumerate(LAYERS) for area in layer}

    upwards = {
        (module.name, name)
        for module in MODULES
        for name in own_imports(module)
        if height[area_of(name)] > height[module.area]
    }

    assert upwards == set()


def test_flows_do_not_know_each_other() -> None:
    known = {
        (module.name, name)
        for module in MODULES
        if module.area == "flows"
        for name in foreign_imports(module)
        if area_of(name) == "flows"
    }

    assert known == set()


def test_packages_know_each_other_in_no_circle() -> None:
    packages = {module.package for module in PACKAGES}
    knows = {
        package: {
            package_of(name) for module in MODULES if module.package == package for name in foreign_imports(module)
        }
        for package in packages
    }

    ordered: list[str] = []
    while free := [package for package in knows.keys() - set(ordered) if knows[package] <= set(ordered)]:
        ordered += sorted(free)

    assert packages - set(ordered) == set()


def test_controllers_and_repositories_are_private_to_their_package() -> None:
    strangers = {
        (module.name, name)
        for module in MODULES
        for name in own_imports(module)
        if (role_of(name) == "repository" and package_of(name) != module.package)
        or (role_of(name) == "controllers" and module.area not in FRAME)
    }

    assert strangers == set()


def test_tables_are_used_by_their_own_package_and_by_foreign_keys() -> None:
    users = {
        module.name
        for module in PACKAGES
        for name in foreign_imports(module)
        if role_of(name) == "tables" and module.role != "tables"
    }

    assert users == set(TABLE_USERS)


def test_within_a_package_no_step_is_left_out() -> None:
    """Controllers → service → repository → tables."""
    shortcuts = {
        (module.name, name)
        for module in PACKAGES
        for name in own_imports(module)
        if package_of(name) == module.package
        and (
            (module.role == "controllers" and role_of(name) in {"repository", *SQL_ROLES})
            or (role_of(name) == "tables" and module.role not in {*SQL_ROLES, "tables"})
            or (role_of(name) == "service" and module.role in {*SQL_ROLES, "tables"})
        )
    }

    assert shortcuts == set()


def test_litestar_is_imported_only_where_http_is_spoken() -> None:
    named = {module for module in MODULES if any(name.split(".")[0] == "litestar" for name in module.imports)}

    elsewhere = {
        module.name
        for module in named
        if module.role != "controllers"
        and module.area not in FRAME | {"authentication"}
        and not module.name.startswith("auth_api.kit.http.")
    }

    assert elsewhere == set()


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_no_module_but_the_clock_reads_the_time(module: Module) -> None:
    reads = [ast.unparse(node) for node in module.nodes if reads_the_time(node)]

    assert bool(reads) == (module.name == "auth_api.kit.clock"), reads


def reads_the_time(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name == "time" for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.module == "time"
    if not isinstance(node, ast.Attribute):
        return False
    owner = ast.unparse(node.value).rpartition(".")[2]
    return (
        (owner in {"datetime", "date"} and node.attr in {"now", "utcnow", "today"})
        or (owner == "time" and node.attr != "time")
        or ast.unparse(node).endswith("get_running_loop().time")
    )


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_sql_is_a_literal(module: Module) -> None:
    """Values travel as parameters. Neighbouring literals count as one; f-strings, `+` and `%` do not."""
    calls = [
        node
        for node in module.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"raw", "run_ddl"}
    ]

    composed = [
        ast.unparse(call)
        for call in calls
        if not call.args or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str)
    ]

    assert composed == []


def test_repositories_do_speak_sql() -> None:
    """Else the rule above would watch nothing."""
    speakers = {module.name for module in MODULES if ".raw(" in module.source}

    assert speakers == {module.name for module in MODULES if module.role in SQL_ROLES}


@pytest.mark.parametrize("module", [module for module in MODULES if module.role in SQL_ROLES], ids=name_of)
def test_every_query_goes_through_the_breaker(module: Module) -> None:
    guards = {"circuit_breaker(service=SERVICE)", "circuit_breaker(service='database')"}
    queries = [node for node in module.nodes if isinstance(node, ast.AsyncFunctionDef)]

    unguarded = [
        query.name for query in queries if not guards & {ast.unparse(decorator) for decorator in query.decorator_list}
    ]

    assert queries
    assert unguarded == []


def test_the_service_that_repositories_name_is_the_database() -> None:
    """`SERVICE` in a repository has to be the one of `kit.db.database`."""
    strangers = {
        module.name
        for module in MODULES
        if module.role in SQL_ROLES and "auth_api.kit.db.database.SERVICE" not in module.imports
    }

    assert strangers == set()


def test_a_name_says_what_is_in_the_file() -> None:
    vague = {module.name for module in MODULES if set(module.name.split(".")) & VAGUE_NAMES}

    assert vague == set()


def test_a_file_is_read_in_one_go() -> None:
    long = {module.name for module in MODULES if len(module.source.splitlines()) > LONGEST_FILE}

    assert long == set(LONGER_FILES)


def test_every_module_says_what_it_is_for() -> None:
    silent = {module.name for module in MODULES if not ast.get_docstring(ast.parse(module.source))}

    assert silent == set()
