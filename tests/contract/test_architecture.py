"""The rules of the architecture, checked on the syntax trees: each test lists all offenders of one rule."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.source_tree import BY_NAME, MODULES, Module, area_of, own_imports, package_of, role_of
from tests.support.sql_constants import variable_queries

pytestmark = pytest.mark.engine_independent

LAYERS: Final = (
    {"kit"},
    {"one_time_tokens", "sign_in_flows", "throttling", "used_values", "users"},
    {"events"},
    {"roles"},
    {"sessions"},
    {"credentials"},
    {"sign_in"},
    {"authentication"},
    {"flows"},
    {"operations"},
    {"oauth"},
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
        "features",
        "ended_access",
        "error_catalogue",
        "manifest",
        "piccolo_app",
        "piccolo_conf",
        "server",
        "services",
        "settings",
    },
)
"""Lowest first: a module imports from its own layer and from those below it. The last layer is the frame."""

FRAME: Final = LAYERS[-1]

MANIFEST_IMPORTS: Final = {"ended_access", "error_catalogue", "manifest", "settings"}
"""Modules of the frame that the manifest of a package (`feature.py`) may import: what it consists of."""

SQL_ROLES: Final = {"repository", "retention"}
"""The roles that may import the tables of their package."""

MAX_FILE_LINES: Final = 250

VAGUE_NAMES: Final = {"common", "core", "helper", "helpers", "misc", "util", "utils"}

PACKAGED: Final = [module for module in MODULES if module.area not in FRAME | {"kit"}]
"""The modules of the packages, which have tables, services and controllers."""


def foreign_imports(module: Module) -> Iterator[str]:
    """Yield the modules that a module imports from packages other than its own, the kit and the frame."""
    for name in own_imports(module):
        if package_of(name) != module.package and area_of(name) not in FRAME | {"kit"}:
            yield name


def test_every_top_level_package_has_a_layer() -> None:
    assert {module.area for module in MODULES} == set().union(*LAYERS)


def test_imports_point_down() -> None:
    height = {area: number for number, layer in enumerate(LAYERS) for area in layer}

    upwards = {
        (module.name, name)
        for module in MODULES
        for name in own_imports(module)
        if height[area_of(name)] > height[module.area]
        and not (module.role == "feature" and area_of(name) in MANIFEST_IMPORTS)
    }

    assert upwards == set()


def test_manifests_are_imported_only_by_the_list_of_features() -> None:
    manifests = {module.name for module in MODULES if module.role == "feature"}
    imported = {(module.name, name) for module in MODULES for name in own_imports(module) if role_of(name) == "feature"}

    assert imported == {("auth_api.features", name) for name in manifests}


def test_flows_do_not_import_other_flows() -> None:
    between_flows = {
        (module.name, name)
        for module in MODULES
        if module.area == "flows"
        for name in foreign_imports(module)
        if area_of(name) == "flows"
    }

    assert between_flows == set()


def test_packages_do_not_import_each_other_in_cycles() -> None:
    packages = {module.package for module in PACKAGED}
    imported = {
        package: {
            package_of(name) for module in MODULES if module.package == package for name in foreign_imports(module)
        }
        for package in packages
    }

    ordered: list[str] = []
    while free := [package for package in imported.keys() - set(ordered) if imported[package] <= set(ordered)]:
        ordered += sorted(free)

    assert packages - set(ordered) == set()


def test_controllers_and_repositories_are_private_to_their_package() -> None:
    intruders = {
        (module.name, name)
        for module in MODULES
        for name in own_imports(module)
        if (role_of(name) == "repository" and package_of(name) != module.package)
        or (role_of(name) == "controllers" and (module.role, module.package) != ("feature", package_of(name)))
    }

    assert intruders == set()


def test_metrics_are_counted_only_by_their_package() -> None:
    intruders = {
        (module.name, name) for module in PACKAGED for name in foreign_imports(module) if role_of(name) == "metrics"
    }

    assert intruders == set()


def test_tables_of_another_package_are_imported_only_by_tables() -> None:
    """A foreign key needs the table that it refers to."""
    intruders = {
        module.name
        for module in PACKAGED
        for name in foreign_imports(module)
        if role_of(name) == "tables" and module.role != "tables"
    }

    assert intruders == set()


def test_imports_within_a_package_skip_no_level() -> None:
    """The levels are controllers, service, repository, tables."""
    shortcuts = {
        (module.name, name)
        for module in PACKAGED
        for name in own_imports(module)
        if package_of(name) == module.package
        and (
            (module.role == "controllers" and role_of(name) in SQL_ROLES)
            or (role_of(name) == "tables" and module.role not in {*SQL_ROLES, "feature", "tables"})
            or (role_of(name) == "service" and module.role in {*SQL_ROLES, "tables"})
        )
    }

    assert shortcuts == set()


def test_only_services_import_a_repository() -> None:
    """A service has this name, or that of the one thing it does (`rotation`). The other roles decide nothing."""
    undecided = {"controllers", "errors", "mails", "metrics", "policy", "schemas", "tables"}

    intruders = {
        (module.name, name)
        for module in PACKAGED
        for name in own_imports(module)
        if module.role in undecided and role_of(name) == "repository"
    }

    assert intruders == set()


def test_litestar_is_imported_only_by_http_modules() -> None:
    elsewhere = {
        module.name
        for module in MODULES
        if any(name.split(".")[0] == "litestar" for name in module.imports)
        and module.role != "controllers"
        and module.area not in {"app", "asgi", "authentication", "manifest"}
        and not module.name.startswith(("auth_api.kit.http.", "auth_api.oauth.protocol.", "auth_api.web."))
    }

    assert elsewhere == set()


def test_webauthn_library_is_imported_only_by_its_adapter() -> None:
    importers = {module.name for module in MODULES if any(name.split(".")[0] == "webauthn" for name in module.imports)}

    assert importers == {"auth_api.kit.crypto.webauthn.relying_party"}


def test_only_the_clock_module_reads_the_time() -> None:
    readers = {module.name for module in MODULES if any(reads_the_time(node) for node in module.nodes)}

    assert readers == {"auth_api.kit.clock"}


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


def test_sql_is_made_of_constants() -> None:
    """Values are passed as parameters; `tests/contract/test_sql_constants.py` shows what counts as a constant."""
    trees = {name: module.tree for name, module in BY_NAME.items()}

    variable = [(module.name, query) for module in MODULES for query in variable_queries(module.tree, trees.get)]

    assert variable == []


def test_queries_are_written_in_repositories() -> None:
    """Without this, the rules on SQL and on the breaker could check nothing."""
    elsewhere = [module for module in MODULES if not module.name.startswith("auth_api.kit.db.")]
    with_queries = {module.name for module in elsewhere if ".raw(" in module.source}

    assert with_queries == {module.name for module in MODULES if module.role == "repository"}


def test_every_query_is_guarded_by_the_database_breaker() -> None:
    guard = "circuit_breaker(service=SERVICE)"

    unguarded = {
        (module.name, query.name)
        for module in MODULES
        if module.role in SQL_ROLES
        for query in module.nodes
        if isinstance(query, ast.AsyncFunctionDef)
        and guard not in {ast.unparse(decorator) for decorator in query.decorator_list}
    }

    assert unguarded == set()


def test_queries_are_guarded_under_the_name_of_the_database() -> None:
    """`SERVICE` in the decorator of a query has to be the constant of `kit.db.database`."""
    without = {
        module.name
        for module in MODULES
        if any(isinstance(node, ast.Name) and node.id == "SERVICE" for node in module.nodes)
        and module.role in SQL_ROLES
        and "auth_api.kit.db.database.SERVICE" not in module.imports
    }

    assert without == set()


def test_module_names_are_not_vague() -> None:
    vague = {module.name for module in MODULES if set(module.name.split(".")) & VAGUE_NAMES}

    assert vague == set()


def test_files_are_at_most_250_lines_long() -> None:
    long = {module.name for module in MODULES if len(module.source.splitlines()) > MAX_FILE_LINES}

    assert long == set()


def test_every_module_has_a_docstring() -> None:
    silent = {module.name for module in MODULES if not ast.get_docstring(module.tree)}

    assert silent == set()
