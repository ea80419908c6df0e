"""Litestar, as far as it is needed here."""

from litestar import Litestar
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin


class Application(Litestar):
    """Litestar without its plugins for other libraries of data classes.

    It loads pydantic, and pydantic's first version as well, wherever they are installed; Piccolo requires them for
    what it does on the command line. No type here is one of theirs.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]
