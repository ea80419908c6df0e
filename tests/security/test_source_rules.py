"""Security rules for the source code, checked on the syntax trees of all modules."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.source_tree import MODULES, Module

pytestmark = pytest.mark.engine_independent

EVALUATING_BUILTINS: Final = frozenset({"eval", "exec", "compile", "__import__"})
DESERIALIZING_MODULES: Final = frozenset({"pickle", "marshal", "shelve", "dill", "yaml"})
COMMAND_MODULES: Final = frozenset({"subprocess", "os.system", "os.popen", "pty"})
PREDICTABLE_GENERATORS: Final = frozenset({"random", "uuid.uuid1", "uuid.uuid3", "uuid.uuid5"})
RANDOM_DELAYS: Final = frozenset(
    {
        "auth_api.events.outbox.service",
        "auth_api.kit.background",
        "auth_api.kit.breaker.breaker",
        "auth_api.kit.db.database",
    }
)
"""Modules whose delays differ from process to process and need not be secret."""
LOG_METHODS: Final = frozenset({"trace", "debug", "info", "success", "warning", "error", "critical", "exception"})


def calls(module: Module) -> Iterator[tuple[str, ast.Call]]:
    """Yield the name of each called function, with the call."""
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr, node


def modules_importing(names: frozenset[str]) -> dict[str, list[str]]:
    """Return the modules that import one of these modules or something from them, with the imports."""
    found = {
        module.name: sorted(one for one in module.imports if any(f"{one}.".startswith(f"{name}.") for name in names))
        for module in MODULES
    }
    return {module: imported for module, imported in found.items() if imported}


def test_input_is_never_evaluated_deserialized_or_run_as_a_command() -> None:
    """ASVS 5.0 V1.3.2, V1.5.2, V1.2.5."""
    builtins = [
        (module.name, name)
        for module in MODULES
        for name, call in calls(module)
        if isinstance(call.func, ast.Name) and name in EVALUATING_BUILTINS
    ]

    assert builtins == []
    assert modules_importing(DESERIALIZING_MODULES | COMMAND_MODULES) == {}


def test_predictable_generators_are_used_only_for_delays() -> None:
    """ASVS 5.0 V11.5.1."""
    assert set(modules_importing(PREDICTABLE_GENERATORS)) == RANDOM_DELAYS


def test_log_messages_are_constants() -> None:
    """ASVS 5.0 V1.3.10: loguru formats braces in a message, so values are bound as fields instead."""
    messages = [
        (module.name, call.args[0])
        for module in MODULES
        for name, call in calls(module)
        if name in LOG_METHODS and ast.unparse(call.func).startswith(("logger.", "log.")) and call.args
    ]

    assert len(messages) > 10
    assert [module for module, message in messages if not isinstance(message, ast.Constant | ast.IfExp)] == []


def test_piccolos_user_table_is_not_imported() -> None:
    """ASVS 5.0 V11.4.2: it hashes with PBKDF2, compares with `==` and accepts passwords of six characters."""
    assert modules_importing(frozenset({"piccolo.apps.user", "piccolo_api"})) == {}
