"""Every log line of the application has an `event` of the form `noun:past_tense`."""

import ast
import re
from collections.abc import Iterator
from typing import Final

from tests.support.source_tree import MODULES, Module

LEVELS: Final = {"debug", "info", "warning", "error", "exception", "critical", "log"}
EVENT: Final = re.compile(r"[a-z_]+:[a-z_]+")
WITHOUT_EVENT: Final = {"auth_api.kit.logging"}
"""This module passes on fields and records of its callers."""


def log_calls(module: Module) -> Iterator[ast.Call]:
    """Yield the calls that write or prepare a log line: methods of `logger`, and of what `logger.bind(…)` returns."""
    for node in ast.walk(ast.parse(module.source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and starts_with_logger(node.func):
            yield node


def starts_with_logger(node: ast.expr) -> bool:
    while isinstance(node, ast.Attribute | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return isinstance(node, ast.Name) and node.id == "logger"


def methods_of(call: ast.Call) -> dict[str, ast.Call]:
    """Return the calls of a chain such as `logger.bind(…).opt(…).error(…)` by the names of their methods."""
    calls: dict[str, ast.Call] = {}
    node: ast.expr = call
    while isinstance(node, ast.Attribute | ast.Call):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            calls[node.func.attr] = node
        node = node.func if isinstance(node, ast.Call) else node.value
    return calls


def has_event(bind: ast.Call) -> bool:
    events = [keyword.value for keyword in bind.keywords if keyword.arg == "event"]
    return all(not isinstance(event, ast.Constant) or EVENT.fullmatch(str(event.value)) for event in events) and (
        len(events) == 1
    )


def test_every_log_call_binds_an_event() -> None:
    offenders = [
        f"{module.name}:{call.lineno}"
        for module in MODULES
        if module.name not in WITHOUT_EVENT
        for call in log_calls(module)
        if (methods := methods_of(call)).keys() & {*LEVELS, "bind"}
        if "bind" not in methods or not has_event(methods["bind"])
    ]

    assert offenders == []
