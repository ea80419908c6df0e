"""Find the sign-in that a provider has answered, and lead back to the application that began it."""

from dataclasses import dataclass

from litestar import Response

from auth_api.kit.http.browser_cookie import BrowserCookie
from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.sign_in_flows.flow import Flow, FlowStage
from auth_api.sign_in_flows.return_urls import with_result
from auth_api.sign_in_flows.service import SignInFlows
from auth_api.web.frame.journey import ACCOUNT
from auth_api.web.frame.redirects import see_other
from auth_api.web.frame.visit import Visit

WAIT_SECONDS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Continuation:
    """Continues the sign-ins of a browser."""

    flows: SignInFlows
    browser_cookie: BrowserCookie

    async def find(self, visit: Visit) -> Flow | None:
        """Return the sign-in of the address; None if it has ended, or belongs to another browser."""
        state, browser = visit.query.get("state"), self.browser_cookie.read(visit.request.scope["headers"])
        flow = await self.flows.find(state, browser) if state and browser else None
        return None if flow is None or flow.stage is FlowStage.STARTED else flow

    def to_application(self, visit: Visit, flow: Flow) -> Response[str]:
        """Return a redirect to the application, with a code that it exchanges, or with the error of the provider.

        It is the same at each request until the code expires.

        Raises:
            FlowInvalidException: the key that derives the code has been removed, and the browser has no session.
        """
        visit.request.scope["state"][PAGE_KIND] = PageKind.SIGN_IN
        if flow.stage is FlowStage.FAILED:
            return see_other(with_result(str(flow.return_to), "error", str(flow.error_code)))
        secrets = self.flows.secrets_of(flow, visit.query["state"])
        if secrets is None:
            return ended(visit)
        return see_other(with_result(str(flow.return_to), "code", secrets.code.raw))


def wait(visit: Visit) -> Response[str]:
    """Return a page that the browser loads again, while another request checks the answer of the provider."""
    again = f"{visit.frame.base}{visit.request.url.path}?{visit.request.url.query}"
    response = visit.page("federation/wait.html", again=again)
    response.headers["Refresh"] = str(WAIT_SECONDS)
    return response


def ended(visit: Visit) -> Response[str]:
    """Return what follows a sign-in that has ended or belongs to another browser: the account of a signed-in person.

    Raises:
        FlowInvalidException: the browser has no session.
    """
    if visit.browser is None or "account" not in visit.request.app.state.pages:
        raise FlowInvalidException
    return visit.redirect(ACCOUNT)
