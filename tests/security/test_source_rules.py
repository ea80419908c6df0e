"""What the source never does, whatever comes in: read as syntax trees, module by module."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.source_tree import MODULES, Module

pytestmark = pytest.mark.engine_independent

RUNS_TEXT: Final = frozenset({"eval", "exec", "compile", "__import__"})
RUNS_DATA: Final = frozenset({"pickle", "marshal", "shelve", "dill", "yaml"})
RUNS_COMMANDS: Final = frozenset({"subprocess", "os.system", "os.popen", "pty"})
GUESSABLE: Final = frozenset({"random", "uuid.uuid1", "uuid.uuid3", "uuid.uuid5"})
SPREADS_LOAD: Final = frozenset({"auth_api.kit.background", "auth_api.kit.breaker.breaker", "auth_api.kit.db.database"})
"""Waits that differ from process to process; nobody gains anything by knowing them."""
LEVELS: Final = frozenset({"trace", "debug", "info", "success", "warning", "error", "critical", "exception"})


def called(module: Module) -> Iterator[tuple[str, ast.Call]]:
    for node in module.nodes:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
            yield node.func.id if isinstance(node.func, ast.Name) else node.func.attr, node


def found_imports(names: frozenset[str]) -> dict[str, list[str]]:
    """Return which of these (or of their contents) each module imports, for those that import any."""
    found = {
        module.name: sorted(one for one in module.imports if any(f"{one}.".startswith(f"{name}.") for name in names))
        for module in MODULES
    }
    return {module: imported for module, imported in found.items() if imported}


def test_no_text_is_ever_run() -> None:
    """ASVS 5.0 V1.3.2, V1.5.2, V1.2.5."""
    builtins = [
        (module.name, name)
        for module in MODULES
        for name, call in called(module)
        if isinstance(call.func, ast.Name) and name in RUNS_TEXT
    ]

    assert builtins == []
    assert found_imports(RUNS_DATA | RUNS_COMMANDS) == {}


def test_nothing_is_drawn_from_a_generator_that_can_be_foretold() -> None:
    """ASVS 5.0 V11.5.1."""
    assert set(found_imports(GUESSABLE)) == SPREADS_LOAD


def test_a_log_message_is_a_constant() -> None:
    """ASVS 5.0 V1.3.10: loguru reads braces in a message; values are bound beside it."""
    messages = [
        (module.name, call.args[0])
        for module in MODULES
        for name, call in called(module)
        if name in LEVELS and ast.unparse(call.func).startswith(("logger.", "log.")) and call.args
    ]

    assert len(messages) > 10
    assert [place for place, message in messages if not isinstance(message, ast.Constant | ast.IfExp)] == []


def test_passwords_are_hashed_by_our_own_hasher_alone() -> None:
    """ASVS 5.0 V11.4.2: Piccolo's user table hashes with PBKDF2, compares with `==` and takes six characters."""
    assert found_imports(frozenset({"piccolo.apps.user", "piccolo_api"})) == {}
