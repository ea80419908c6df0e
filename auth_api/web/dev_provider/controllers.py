"""GET and POST /dev/provider, in development."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.credentials.providers.dev import PAGE_PATH, PEOPLE, DevProvider
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.web.dev_provider.schemas import ChoiceForm
from auth_api.web.frame.local_requests import require_local_request
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

_TEMPLATE: Final = "dev_provider/provider.html"


class DevProviderController(Controller):
    """The page of the provider, to which a sign-in leads."""

    path = PAGE_PATH
    guards = (require_local_request,)

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit], dev_provider: Injected[DevProvider]) -> Response[str]:
        """Show the made-up people, and a form for another one."""
        return visit.page(_TEMPLATE, **_values(visit, dev_provider))

    @post("/", **PAGE)
    async def choose(self, visit: Injected[Visit], dev_provider: Injected[DevProvider]) -> Response[Any]:
        """Lead back to the sign-in as the person."""
        try:
            person = (await visit.form(ChoiceForm)).chosen
        except ApplicationException as refusal:
            return visit.refused(refusal, _TEMPLATE, **_values(visit, dev_provider))
        nonce, code_challenge = visit.query.get("nonce", ""), visit.query.get("code_challenge", "")
        code = dev_provider.code_of(person, nonce=nonce, code_challenge=code_challenge)
        return visit.leave(dev_provider.callback(visit.query.get("state", ""), code=code))


def _values(visit: Visit, dev_provider: DevProvider) -> dict[str, Any]:
    query = visit.request.scope["query_string"].decode("latin-1")
    return {
        "people": PEOPLE,
        "action": f"{PAGE_PATH}?{query}",
        "cancel": dev_provider.callback(visit.query.get("state", ""), error="access_denied"),
    }
