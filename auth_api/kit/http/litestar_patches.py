"""Litestar, as far as it is needed here."""

from functools import partial
from typing import Final

from litestar import Litestar, delete, get, patch, post
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.routes import HTTPRoute

DECORATORS: Final = (get, post, patch, delete)
"""Classes of what is written here. Handlers that Litestar adds itself, for OPTIONS, are nothing that can be changed."""


class Application(Litestar):
    """Litestar without its plugins for other libraries of data classes.

    It loads pydantic, and pydantic's first version as well, wherever they are installed; Piccolo requires them for
    what it does on the command line. No type here is one of theirs.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def remember_exception_handlers(app: Litestar) -> None:
    """Gather once for each handler what answers its errors. Litestar does so at every request."""
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if isinstance(handler, DECORATORS):
                gathered = handler.resolve_exception_handlers()
                handler.resolve_exception_handlers = partial(dict, gathered)  # type: ignore[method-assign]
