import pytest
from litestar import Litestar

from auth_api.kit.http.litestar_patches import Application

pytestmark = pytest.mark.engine_independent


def modules_of_plugins(app: Litestar) -> set[str]:
    return {type(plugin).__module__ for plugin in app.plugins}


def test_application_leaves_out_only_the_plugins_for_pydantic_and_attrs() -> None:
    ours, stock = (kind(openapi_config=None, logging_config=None) for kind in (Application, Litestar))

    left_out = modules_of_plugins(stock) - modules_of_plugins(ours)

    assert left_out  # the stock application has such plugins, so that the next lines prove something
    assert all(name.startswith(("litestar.plugins.pydantic", "litestar.plugins.attrs")) for name in left_out)
    assert not any("pydantic" in name or "attrs" in name for name in modules_of_plugins(ours))


def test_application_keeps_the_plugin_for_structs() -> None:
    assert "litestar.plugins.core._msgspec" in modules_of_plugins(Application(openapi_config=None, logging_config=None))
