"""The modules of auth_api as syntax trees: names, imports and contents, without importing them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

PACKAGE: Final = "auth_api"
ROOT: Final = Path(__file__).parent.parent.parent / PACKAGE

GROUPS: Final = frozenset({"credentials", "events", "flows", "oauth", "operations", "web"})
"""Folders below the root that contain only packages."""


@dataclass(frozen=True)
class Module:
    """A Python file of auth_api."""

    path: Path

    @cached_property
    def name(self) -> str:
        """The dotted name."""
        parts = (PACKAGE, *self.path.relative_to(ROOT).with_suffix("").parts)
        return ".".join(parts).removesuffix(".__init__")

    @property
    def package(self) -> str:
        """The package, see `package_of`."""
        return package_of(self.name)

    @property
    def area(self) -> str:
        """The entry below the root, see `area_of`."""
        return area_of(self.name)

    @property
    def role(self) -> str:
        """The role within the package, see `role_of`."""
        return role_of(self.name)

    @cached_property
    def source(self) -> str:
        """The text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.source)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """All nodes of the syntax tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> frozenset[str]:
        """Dotted names of all imports, also those inside functions; `from a import b` is `a.b`."""
        return frozenset(self._imports())

    def _imports(self) -> Iterator[str]:
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports relatively"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> tuple[Module, ...]:
    """Return all modules of auth_api."""
    return tuple(Module(path) for path in sorted(ROOT.rglob("*.py")))


MODULES: Final = modules()
BY_NAME: Final = {module.name: module for module in MODULES}


def own_imports(module: Module) -> frozenset[str]:
    """Return the names of the auth_api modules that a module imports."""
    return frozenset(_module_of(name) for name in module.imports if name.split(".")[0] == PACKAGE)


def area_of(module_name: str) -> str:
    """Return the entry directly below the root: `users`, `flows`, `kit`, `app`."""
    return module_name.split(".")[1] if "." in module_name else "__init__"


def package_of(module_name: str) -> str:
    """Return the package, with its group, or the module itself at the root: `users`, `flows.login`, `kit`, `app`."""
    area = area_of(module_name)
    return ".".join(module_name.split(".")[1:3]) if area in GROUPS else area


def role_of(module_name: str) -> str:
    """Return the last part of the name (`controllers`, `service`, `tables`); `users.x_repository` is a `repository`."""
    stem = module_name.rpartition(".")[2]
    return next((role for role in ("repository", "controllers") if stem.endswith(f"_{role}")), stem)


def _module_of(name: str) -> str:
    while name not in BY_NAME:
        name = name.rpartition(".")[0]
    return name
