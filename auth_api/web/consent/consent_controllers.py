"""GET and POST /account/authorize: what a person has to do before an application gets its answer."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.kit.http.dependencies import Injected
from auth_api.oauth.authorize.decisions import Decisions, Waiting
from auth_api.oauth.authorize.requirements import Step, lowest_level
from auth_api.oauth.requests.request import RequestState
from auth_api.oauth.resources.service import Resources
from auth_api.web.consent.addresses import AUTHORIZE, page_of, proof_of, response_of, sign_in_of
from auth_api.web.consent.consent_view import view_of
from auth_api.web.consent.schemas import DecisionForm
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit


class ConsentPageController(Controller):
    """Lead a person through the steps that are needed, and ask for their consent."""

    path = AUTHORIZE

    @get("/", **PAGE)
    async def show(
        self,
        visit: Injected[Visit],
        decisions: Injected[Decisions],
        resources: Injected[Resources],
        browser_cookie: Injected[BrowserCookie],
    ) -> Response[Any]:
        """Show the next step. The first browser that opens the page of a form's request keeps it."""
        browser, set_cookie = browser_cookie.keep_or_create(visit.request.scope["headers"])
        waiting = await decisions.find(visit.query.get("request"), browser, binds=True)
        response = await _next_page(visit, waiting, decisions, resources)
        response.headers["Set-Cookie"] = set_cookie
        return response

    @post("/", rate_limit="oauth_authorize", **PAGE)
    async def decide(
        self, visit: Injected[Visit], decisions: Injected[Decisions], browser_cookie: Injected[BrowserCookie]
    ) -> Response[Any]:
        """Store the decision, and lead to the next step."""
        form, principal = await visit.form(DecisionForm), visit.optional_principal
        waiting = await decisions.find(form.request, browser_cookie.read(visit.request.scope["headers"]))
        match form.decision:
            case "switch":
                return visit.redirect(sign_in_of(form.request, visit.journey.lang))
            case "deny":
                await decisions.deny(waiting, form.step, visit.request_context)
            case "allow":
                await decisions.allow(waiting, form.step, principal, visit.request_context)
        return visit.redirect(page_of(form.request, visit.journey.lang))


async def _next_page(visit: Visit, waiting: Waiting, decisions: Decisions, resources: Resources) -> Response[Any]:
    """Return the page of the next step, a redirect to it, or the way back to the application."""
    token, language, parameters = visit.query["request"], visit.journey.lang, waiting.request.parameters
    step = await decisions.next_step(waiting, visit.optional_principal)
    match step:
        case None if waiting.is_of_device:
            return visit.page("consent/device_done.html", is_allowed=waiting.request.state is not RequestState.DENIED)
        case None:
            return visit.leave(visit.frame.base + response_of(token))
        case Step.SIGN_IN:
            return visit.redirect(sign_in_of(token, language, login_hint=parameters.login_hint))
        case Step.PROOF | Step.STEP_UP:
            level = lowest_level(parameters) if step is Step.STEP_UP else None
            return visit.redirect(proof_of(token, language, level=level))
        case Step.ROLE | Step.CONSENT:
            number = await decisions.show(waiting, visit.principal)
            view = await view_of(waiting, resources, visit.language)
            template = "consent/consent.html" if step is Step.CONSENT else "consent/role.html"
            return visit.page(template, view=view, decision={"request": token, "step": number})
