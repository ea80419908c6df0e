"""A page in one state, and how a browser gets there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.async_api import expect

from tests.support.scenes.stage import Stage

Lead = Callable[[Stage], Awaitable[None]]

USUAL: Final = "usual"
STRICT: Final = "strict"
INVITE: Final = "invite"
MAIL_ONLY: Final = "mail-only"
FEDERATED: Final = "federated"

PRODUCTS: Final[dict[str, dict[str, Any]]] = {
    USUAL: {},
    STRICT: {"MFA_POLICY": "required"},
    INVITE: {"REGISTRATION": "invite"},
    MAIL_ONLY: {"HOSTED_PAGES": "false"},
    FEDERATED: {"PROVIDERS": '["dev"]'},
}
"""The settings of the products that have the pages: the strict one requires a verified address and a second factor."""

_OTHER_NAMES: Final = {"errors/error.html": "error-code", "frame/problem.html": "error"}
"""The names of the pages that are not named after their templates."""


@dataclass(frozen=True)
class Scene:
    """A page in one state.

    Attributes:
        template: the package and the file of the template.
        path: where the page is.
        lead: leads the browser there.
        error: the code of the error that the page shows; empty if it shows none.
        state: what distinguishes the scene from others of the same template.
        product: one of `PRODUCTS`, which has the page.
        only_in: the language of a page that exists in no other; empty for the others.
        errors: the number of refused requests on the way, if the page shows an error.
    """

    template: str
    path: str
    lead: Lead
    error: str = ""
    state: str = ""
    product: str = USUAL
    only_in: str = ""
    errors: int = 1

    @property
    def page(self) -> str:
        """The name of the page."""
        usual = self.template.partition("/")[2].removesuffix(".html").replace("_", "-")
        return _OTHER_NAMES.get(self.template, usual)

    @property
    def name(self) -> str:
        """A name of the scene, as part of the name of a file."""
        package, _, file = self.template.removesuffix(".html").partition("/")
        parts = (package, file, self.state, self.error.lower())
        return ".".join(part for part in parts if part)

    async def show(self, stage: Stage) -> None:
        """Lead the browser to the page.

        Raises:
            AssertionError: it is another page.
        """
        await self.lead(stage)
        main = stage.page.locator("main")
        await expect(main, self.name).to_have_attribute("data-page", self.page)
        assert (await main.get_attribute("data-error") or "") == self.error, self.name
        assert urlsplit(stage.page.url).path == self.path, self.name


def at(path: str) -> Lead:
    """Return the way to a page that everyone can open."""

    async def lead(stage: Stage) -> None:
        await stage.open(path)

    return lead


def inside(path: str) -> Lead:
    """Return the way to a page that a person opens who is logged in."""

    async def lead(stage: Stage) -> None:
        await stage.logged_in()
        await stage.open(path)

    return lead
