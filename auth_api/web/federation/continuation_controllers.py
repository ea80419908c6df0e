"""GET /account/login/provider: what follows the answer of a provider."""

from typing import Any, Final

from litestar import Controller, Response, get

from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.flows.linking.service import Linking
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in_flows.flow import Flow, FlowPurpose, FlowStage
from auth_api.web.federation.continuation import Continuation, ended, wait
from auth_api.web.federation.page_flows import finish_link, finish_sign_in
from auth_api.web.frame.visit import Visit

CONTINUATION: Final[dict[str, Any]] = {ACCESS: PUBLIC, "include_in_schema": False, "rate_limit": "provider_continue"}
"""Keyword arguments of the handler, to which no page links."""


class ContinuationController(Controller):
    """Lead a person back to the application, or complete a sign-in that began on a page.

    The callback of the provider redirects to here. A provider may send its answer by a form of its own site, and with
    such a request browsers send no cookie that is `SameSite=Lax`.
    """

    path = "/account/login/provider"

    @get("/", **CONTINUATION)
    async def go_on(
        self,
        visit: Injected[Visit],
        continuation: Injected[Continuation],
        federated_sign_in: Injected[FederatedSignIn],
        linking: Injected[Linking],
        second_factor: Injected[SecondFactorService],
    ) -> Response[Any]:
        """Go on with the sign-in that this browser began."""
        match await continuation.find(visit):
            case Flow(stage=FlowStage.TAKEN):
                return wait(visit)
            case Flow(purpose=FlowPurpose.HAND_OFF | FlowPurpose.LINK) as flow:
                return continuation.to_application(visit, flow)
            case Flow(purpose=FlowPurpose.PAGE_LINK) as flow:
                return await finish_link(visit, flow, linking)
            case Flow(purpose=FlowPurpose.PAGE) as flow:
                return await finish_sign_in(visit, flow, federated_sign_in, second_factor)
            case _:
                return ended(visit)
