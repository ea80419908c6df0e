"""GET and POST /account/confirm."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.credentials.identities.service import Identities
from auth_api.flows.step_up.service import StepUpService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.sessions.assurance import Level
from auth_api.sign_in.errors import SIGN_IN_METHOD
from auth_api.sign_in.freshness import Freshness
from auth_api.sign_in.needed_proof import NeededProof
from auth_api.sign_in.second_factors import FactorMethod
from auth_api.web.frame.journey import ACCOUNT, LOGIN
from auth_api.web.frame.provider_links import provider_links
from auth_api.web.frame.redirects import CONFIRM
from auth_api.web.frame.refusals import is_shown_in_form
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.factor_schemas import ConfirmForm, require_filled_in
from auth_api.web.sign_in.proof_choice import choose_proof

_TEMPLATE: Final = "sign_in/confirm.html"


class ConfirmPageController(Controller):
    """Ask a person who is signed in again for a proof of identity."""

    path = CONFIRM

    @get("/", **PAGE)
    async def show(
        self,
        visit: Injected[Visit],
        freshness: Injected[Freshness],
        step_ups: Injected[StepUpService],
        identities: Injected[Identities],
    ) -> Response[Any]:
        """Show the best method of the account, or lead on if the last proof is good enough."""
        needed = await _needed_proof(visit, freshness)
        if visit.query.get("again") != "1" and await freshness.has_proved(visit.principal, needed):
            return visit.redirect(visit.journey.continue_to or ACCOUNT)
        if needed.methods == (SIGN_IN_METHOD,):
            return await _sign_in_again(visit, identities)
        return visit.page(_TEMPLATE, **await _values(visit, needed, step_ups))

    @post("/", rate_limit="step_up", **PAGE)
    async def confirm(
        self, visit: Injected[Visit], freshness: Injected[Freshness], step_ups: Injected[StepUpService]
    ) -> Response[Any]:
        """Check the proof, and lead to where the journey leads. The cookie stays as it is."""
        refusal: ApplicationException | None = None
        try:
            form = await visit.form(ConfirmForm)
            require_filled_in(form.method, visit.values)
            if await _prove(form, visit, step_ups):
                return visit.redirect(visit.journey.continue_to or ACCOUNT)
        except ApplicationException as error:
            if not is_shown_in_form(error):
                raise
            refusal = error
        values = await _values(visit, await _needed_proof(visit, freshness), step_ups)
        if refusal is not None:
            return visit.refused(refusal, _TEMPLATE, **values)
        return visit.page(_TEMPLATE, **values)


async def _sign_in_again(visit: Visit, identities: Identities) -> Response[str]:
    """Return the page with the providers of a person whose account has no password; without them, the sign-in page."""
    linked = {identity.provider for identity in await identities.of_user(visit.principal.id)}
    ways = [link for link in provider_links(visit.frame, visit.journey, prompt="login") if link.provider.id in linked]
    if not ways:
        return visit.redirect(visit.journey.link(LOGIN, again="1"))
    return visit.page("sign_in/sign_in_again.html", ways=ways)


async def _needed_proof(visit: Visit, freshness: Freshness) -> NeededProof:
    """Return the proof that the parameter `acr` names; without it, that of the account's own level."""
    acr = next((level for level in Level if level == visit.values.get("acr")), None)
    return await freshness.needed_proof(visit.principal.id, at_least=acr or Level.AAL1, adds_factor=acr is Level.AAL1)


async def _values(visit: Visit, needed: NeededProof, step_ups: StepUpService) -> dict[str, Any]:
    choice = await choose_proof(
        needed.methods, visit.values.get("method"), lambda: step_ups.passkey_options(visit.principal)
    )
    return {"choice": choice, "acr": visit.values.get("acr", ""), "enrolment": needed.enrolment}


async def _prove(form: ConfirmForm, visit: Visit, step_ups: StepUpService) -> bool:
    """Check the proof. Return whether the form has one."""
    principal, request_context = visit.principal, visit.request_context
    match form:
        case ConfirmForm(method="passkey", credential=dict() as credential):
            await step_ups.with_passkey(principal, credential, request_context)
        case ConfirmForm(method="password", password=str() as password):
            await step_ups.with_password(principal, password, request_context)
        case ConfirmForm(method="totp" | "recovery_code" as method, code=str() as code):
            await step_ups.with_code(principal, FactorMethod(method), code, request_context)
        case _:
            return False
    return True
