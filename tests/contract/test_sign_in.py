"""Only `SignIn` opens sessions, so that its decisions hold for every way to prove an identity."""

import ast
from collections.abc import Iterator
from typing import Final

import pytest

from tests.support.source_tree import MODULES

pytestmark = pytest.mark.engine_independent

NOT_SESSIONS: Final = {"Path(text)", "os", "path", "requests", "self.listener", "self.requests", "super()"}
"""Other objects with a method `open`, as the code names them."""


def owners_of_open(tree: ast.AST) -> Iterator[str]:
    """Yield each object whose `open` is called or passed on, whatever its name is."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "open":
            yield ast.unparse(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "attrgetter", "methodcaller"}:
            yield from (ast.unparse(node) for argument in node.args if ast.unparse(argument) == "'open'")


def test_only_sign_in_opens_sessions() -> None:
    openers = {
        (module.name, owner) for module in MODULES for owner in owners_of_open(module.tree) if owner not in NOT_SESSIONS
    }

    assert openers == {("auth_api.sign_in.service", "self.opening")}


@pytest.mark.parametrize(
    "source",
    [
        "await self.sessions.open(1)",
        "opened = await services.core.sessions.open(user.id, at=now)",
        "service = self.sessions\nawait service.open(1)",
        "begin = self.sessions.open",
        "await getattr(self.sessions, 'open')(1)",
    ],
)
def test_opening_of_a_session_is_found_in_any_form(source: str) -> None:
    assert set(owners_of_open(ast.parse(source))) - NOT_SESSIONS
