"""The rules of the house, read from the syntax trees: whoever breaks one learns it here, not in a review."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.source_tree import MODULES, Module, own_imports, part_of

FRAME: Final = {
    "__init__",
    "__main__",
    "app",
    "asgi",
    "cli",
    "doctor",
    "environment",
    "errors",
    "piccolo_app",
    "piccolo_conf",
    "process",
    "settings",
    "services",
    "services_outside",
}
FLOWS: Final = {
    "account",
    "administration",
    "email_change",
    "email_verification",
    "health",
    "housekeeping",
    "login",
    "pages",
    "password_recovery",
    "registration",
}
RESOURCES: Final = {"audit", "one_time_tokens", "outbox", "passwords", "sessions", "throttling", "users"}
KIT: Final = {"kit"}

LAYERS: Final = (KIT, RESOURCES, FLOWS, FRAME)
"""From the ground up: a module imports from its own layer and from those below it."""

PUBLIC_ROLES: Final = {"service", "schemas", "errors", "retention"}
"""What a package shows to others."""

PLAIN_VALUES: Final = {
    "auth_api.audit.events",
    "auth_api.audit.policy",
    "auth_api.one_time_tokens.purpose",
    "auth_api.outbox.letters",
    "auth_api.sessions.eviction",  # its service: what throws everybody out
    "auth_api.sessions.opening",  # its service: what a session begins with
    "auth_api.sessions.policy",
    "auth_api.sessions.principal",
    "auth_api.throttling.accounts",  # its service: what it does for accounts
    "auth_api.throttling.addresses",  # and for addresses
    "auth_api.throttling.failures",
    "auth_api.throttling.mails",  # and for mails
    "auth_api.throttling.policy",
    "auth_api.users.account",
    "auth_api.users.identifiers",
    "auth_api.users.mailbox",  # its service: what a proof of the mailbox allows
    "auth_api.users.password_rules",
    "auth_api.users.policy",
}
"""Values and functions on values: others may name them as they name `str`."""

TABLE_USERS: Final = {
    "auth_api.account.repository": "shows people what is kept about them of packages that do not do it themselves",
    "auth_api.audit.tables": "a foreign key",
    "auth_api.housekeeping.repository": "removes what is over of packages that do not do it themselves",
    "auth_api.login.repository": "changes all that a login changes by one statement",
    "auth_api.one_time_tokens.tables": "a foreign key",
    "auth_api.outbox.tables": "a foreign key",
    "auth_api.sessions.tables": "a foreign key",
}
"""Which modules use the tables of another package, and why."""

SQL_ROLES: Final = {"repository", "retention"}
"""What speaks SQL: each query is guarded by the breaker."""

REPOSITORY_USERS: Final = {
    "accounts",
    "addresses",
    "delivery",
    "export",
    "lookups",
    "mailbox",
    "mails",
    "service",
    "rotation",
}
"""What decides by what a repository finds."""

LITESTAR_ROLES: Final = {"controllers"}
LITESTAR_MODULES: Final = {"auth_api.app", "auth_api.asgi", "auth_api.sessions.authentication"}

LONGER_FILES: Final[dict[str, str]] = {}
LONGEST_FILE: Final = 250

VAGUE_NAMES: Final = {"common", "core", "helper", "helpers", "misc", "util", "utils"}

IN_PACKAGES: Final = [module for module in MODULES if module.part in FLOWS | RESOURCES]


def name_of(module: Module) -> str:
    return module.name


def foreign_imports(module: Module) -> Iterator[str]:
    """Yield the modules that a module imports from other packages of flows and resources."""
    for name in own_imports(module):
        if part_of(name) != module.part and part_of(name) in FLOWS | RESOURCES:
            yield name


def role_of(name: str) -> str:
    stem = name.rpartition(".")[2]
    return "repository" if stem.endswith("_repository") else stem


def test_every_package_has_its_layer() -> None:
    assert {module.part for module in MODULES} == FRAME | FLOWS | RESOURCES | KIT


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_imports_point_downwards(module: Module) -> None:
    (height,) = [number for number, layer in enumerate(LAYERS) if module.part in layer]
    reachable = set().union(*LAYERS[: height + 1])

    upwards = {name for name in own_imports(module) if part_of(name) not in reachable}

    assert upwards == set()


def test_flows_do_not_know_each_other() -> None:
    known = {
        (module.name, name)
        for module in MODULES
        if module.part in FLOWS
        for name in foreign_imports(module)
        if part_of(name) in FLOWS
    }

    assert known == set()


def test_resources_know_each_other_in_no_circle() -> None:
    knows = {
        resource: {part_of(name) for module in MODULES if module.part == resource for name in foreign_imports(module)}
        for resource in RESOURCES
    }

    ordered: list[str] = []
    while free := [resource for resource in knows.keys() - set(ordered) if knows[resource] <= set(ordered)]:
        ordered += sorted(free)

    assert RESOURCES - set(ordered) == set()


def test_of_another_package_only_its_public_modules_are_imported() -> None:
    hidden = {
        (module.name, name)
        for module in IN_PACKAGES
        for name in foreign_imports(module)
        if role_of(name) not in PUBLIC_ROLES and name not in PLAIN_VALUES and role_of(name) != "tables"
    }

    assert hidden == set()


def test_tables_of_another_package_are_used_in_the_listed_places_alone() -> None:
    users = {module.name for module in IN_PACKAGES for name in foreign_imports(module) if role_of(name) == "tables"}

    assert users == set(TABLE_USERS)


def test_a_repository_is_private_to_its_package() -> None:
    strangers = {
        (module.name, name)
        for module in MODULES
        for name in own_imports(module)
        if role_of(name) == "repository" and part_of(name) != module.part
    }

    assert strangers == set()


@pytest.mark.parametrize("module", IN_PACKAGES, ids=name_of)
def test_within_a_package_imports_point_from_the_door_to_the_tables(module: Module) -> None:
    """Controllers → service → repository → tables, and no step is left out."""
    forbidden = {"controllers"}
    if module.role not in REPOSITORY_USERS:
        forbidden.add("repository")
    if module.role not in SQL_ROLES:
        forbidden.add("tables")
    if module.role in {*SQL_ROLES, "tables"}:
        forbidden.add("service")

    found = {role_of(name) for name in own_imports(module) if part_of(name) == module.part}

    assert found & forbidden == set()


def test_the_framework_is_named_at_the_doors_alone() -> None:
    named = {module.name for module in MODULES if any(name.split(".")[0] == "litestar" for name in module.imports)}

    elsewhere = {
        name
        for name in named
        if role_of(name) not in LITESTAR_ROLES
        and name not in LITESTAR_MODULES
        and not name.startswith("auth_api.kit.http.")
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
