"""Changes to Litestar that its settings do not offer."""

from litestar import Litestar
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin


class Application(Litestar):
    """Litestar without its plugins for pydantic and attrs.

    Litestar imports both versions of pydantic wherever it is installed, and Piccolo requires it for its command line.
    No type here is a class of pydantic or attrs.
    """

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]
