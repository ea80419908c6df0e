"""Litestar as it is used here."""

from litestar import Litestar

from auth_api.kit.http.framework import Application


def modules_of_plugins(app: Litestar) -> set[str]:
    return {type(plugin).__module__ for plugin in app.plugins}


def test_no_other_library_s_data_classes_are_loaded() -> None:
    """The one is there to show what the other leaves out."""
    ours, stock = Application(openapi_config=None), Litestar(openapi_config=None)

    left_out = modules_of_plugins(stock) - modules_of_plugins(ours)

    assert left_out
    assert all(name.startswith(("litestar.plugins.pydantic", "litestar.plugins.attrs")) for name in left_out)
    assert not any("pydantic" in name or "attrs" in name for name in modules_of_plugins(ours))


def test_handlers_may_still_take_structs() -> None:
    assert "litestar.plugins.core._msgspec" in modules_of_plugins(Application(openapi_config=None))
