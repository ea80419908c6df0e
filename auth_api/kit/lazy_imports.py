"""Puts off what a library imports and hardly ever uses."""

import importlib
import sys
from types import ModuleType
from typing import Any


class _Absent(ModuleType):
    """Stands in the place of a module until somebody asks for a part of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)  # asked by the import system and by who looks at all modules
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def import_when_used(name: str) -> None:
    """Let `import NAME` cost nothing, wherever it stands, until a part of the module is used.

    `importlib.util.LazyLoader` cannot do that for a compiled module.
    """
    sys.modules.setdefault(name, _Absent(name))
