"""Every page of the product has a scene, by which it is checked in a browser."""

from collections.abc import Iterator
from typing import Final

from auth_api.web.frame.journey import ACCOUNT, LOGIN
from auth_api.web.frame.renderer import WEB
from tests.conftest import OtherAppFactory
from tests.support.scenes import SCENES
from tests.support.visitor import Visitor

PASSED: Final = {"frame/hop.html"}
"""The page to another origin, which a browser leaves at once."""

MAIL: Final = {"SMTP_URL": "smtp://127.0.0.1:1", "MAIL_FROM": "no-reply@example.com"}


def templates() -> Iterator[str]:
    """Yield the templates of pages; the names of others begin with an underscore."""
    for path in WEB.glob("*/templates/*.html"):
        if not path.name.startswith("_"):
            yield f"{path.parent.parent.name}/{path.name}"


def test_each_template_has_a_scene() -> None:
    assert {*templates()} - PASSED == {scene.template for scene in SCENES}


def test_names_of_scenes_are_unique() -> None:
    names = [scene.name for scene in SCENES]

    assert len(names) == len({*names})


async def test_each_page_has_a_scene_or_leads_elsewhere(app_with: OtherAppFactory) -> None:
    paths = {scene.path for scene in SCENES}
    async with app_with(**MAIL) as other:
        visitor = Visitor(other.client)
        pages = {ACCOUNT if name == "account" else f"{ACCOUNT}/{name}" for name in other.app.state.pages}
        assert {LOGIN, "/account/security/totp", "/account/verify-email"} <= pages
        for path in sorted(pages - paths):
            page = await visitor.get(path)
            assert (page.status, page.location) == (303, LOGIN), path
