"""GET /account/signed-in."""

from litestar import Controller, Response, get

from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in_flows.policy import SIGNED_IN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit


class SignedInPageController(Controller):
    """Where a sign-in with `return_to` ends unless an application is set. Its code is not used."""

    path = SIGNED_IN

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Show that the person is signed in."""
        return visit.page("sign_in/signed_in.html")
