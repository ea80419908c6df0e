"""What follows the answer of a provider on the pages of this server."""

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Response

from auth_api.flows.federation.errors import IdentityLinkRequiredException, SignUpRequiredException
from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.flows.linking.service import Linking
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.errors import ApplicationException, AuthException, LimitReachedException
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow, FlowStage
from auth_api.web.federation.continuation import ended
from auth_api.web.federation.sign_up_pages import sign_up_page
from auth_api.web.frame.error_links import code_for_link
from auth_api.web.frame.journey import IDENTITIES, LOGIN
from auth_api.web.frame.page_request import LINK_PROVIDER, LINK_TOKEN
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.outcomes import unfinished_sign_in

_LOGIN_PAGE: Final = "sign_in/login.html"


async def finish_sign_in(
    visit: Visit, flow: Flow, federated_sign_in: FederatedSignIn, second_factor: SecondFactorService
) -> Response[Any]:
    """Sign in, and return what follows: where the journey leads, or the next step of the sign-in."""
    _take_up_journey(visit, flow)
    if flow.stage is FlowStage.FAILED:
        return visit.redirect(visit.journey.link(LOGIN, error=str(flow.error_code)))
    carrier = visit.carrier(keep=False)
    try:
        signed_in = await federated_sign_in.log_in(flow, visit.request_context, carrier=carrier)
    except FlowInvalidException:
        return ended(visit)
    except SignUpRequiredException as required:
        return sign_up_page(visit, required)
    except IdentityLinkRequiredException as required:
        visit.link = {LINK_TOKEN: required.link_token, LINK_PROVIDER: required.provider}
        return visit.page(_LOGIN_PAGE, initial={"identifier": (flow.evidence or {}).get("email") or ""})
    except ApplicationException as refusal:
        return await unfinished_sign_in(visit, refusal, _LOGIN_PAGE, second_factor)
    return await visit.signed_in(signed_in.session, keep=False)


async def finish_link(visit: Visit, flow: Flow, linking: Linking) -> Response[Any]:
    """Link the account at the provider to that of the person who began this in the same session."""
    if visit.browser is None:
        return ended(visit)
    if flow.stage is FlowStage.FAILED:
        return visit.redirect(f"{IDENTITIES}?error={flow.error_code}")
    try:
        await linking.finish(flow, visit.principal, visit.request_context)
    except (AuthException, LimitReachedException) as refusal:
        return visit.redirect(f"{IDENTITIES}?error={code_for_link(refusal)}")
    return visit.redirect(f"{IDENTITIES}?done=linked")


def _take_up_journey(visit: Visit, flow: Flow) -> None:
    """Continue the journey that began on the page with the button of the provider. It may have begun in a language."""
    path = flow.continue_path or ""
    fields = {
        "continue": path,
        "lang": dict(parse_qsl(path.partition("?")[2])).get("lang"),
        "return_to": flow.return_to,
        "code_challenge": flow.challenge,
    }
    visit.values = {name: value for name, value in fields.items() if value is not None}
    visit.address = LOGIN
