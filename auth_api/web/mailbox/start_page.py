"""The start page in development, with links to what a developer needs first."""

from auth_api.web.frame.brand import Brand
from auth_api.web.frame.renderer import render_document


class StartPage:
    """Renders the start page.

    Args:
        brand: the name, logo and links on the page.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        has_docs: whether Swagger UI and ReDoc are served.
        has_mailbox: whether mail is written into a folder.
    """

    def __init__(self, *, brand: Brand, base: str, has_docs: bool, has_mailbox: bool) -> None:
        self._brand = brand
        self._base = base
        self._has_docs = has_docs
        self._has_mailbox = has_mailbox

    def render(self) -> str:
        """Return the page."""
        return render_document(
            "mailbox/start.html",
            brand=self._brand,
            base=self._base,
            page="start",
            has_docs=self._has_docs,
            has_mailbox=self._has_mailbox,
        )
