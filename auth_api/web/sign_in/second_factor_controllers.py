"""POST /account/second-factor: the second step of a login."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.second_factor.service import CompletedLogin, SecondFactorService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in.errors import MfaTokenInvalidException
from auth_api.sign_in.second_factors import FactorMethod
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.factor_schemas import SecondFactorForm, require_filled_in
from auth_api.web.sign_in.outcomes import NO_SESSION_ERRORS, refused_sign_in
from auth_api.web.sign_in.second_factor_pages import SECOND_FACTOR, log_in_again, second_factor_page


class SecondFactorPageController(Controller):
    """Complete a login by a second factor."""

    path = "/account/second-factor"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Lead to the sign-in page, where the login begins."""
        return visit.redirect(visit.journey.link(LOGIN))

    @post("/", rate_limit="mfa", **PAGE)
    async def complete(self, visit: Injected[Visit], second_factor: Injected[SecondFactorService]) -> Response[Any]:
        """Check the second factor, and sign in. Without one, show the method that the form names."""
        refusal: ApplicationException | None = None
        try:
            form = await visit.form(SecondFactorForm)
            require_filled_in(form.method, visit.values)
            login = await _complete(form, visit, second_factor)
            if login is not None:
                return await visit.signed_in(login.signed_in.session, keep=form.keep)
        except MfaTokenInvalidException:
            return log_in_again(visit)
        except NO_SESSION_ERRORS as error:
            return refused_sign_in(visit, error, SECOND_FACTOR)
        except ApplicationException as error:
            refusal = error
        return await second_factor_page(visit, visit.values.get("mfa_token", ""), second_factor, refusal)


async def _complete(form: SecondFactorForm, visit: Visit, second_factor: SecondFactorService) -> CompletedLogin | None:
    """Check the second factor. Return the login; None if the form has no second factor."""
    carrier, request_context = visit.carrier(keep=form.keep), visit.request_context
    match form:
        case SecondFactorForm(method="passkey", credential=dict() as credential):
            return await second_factor.complete_with_passkey(
                form.mfa_token, credential, request_context, carrier=carrier
            )
        case SecondFactorForm(method="totp" | "recovery_code" as method, code=str() as code):
            return await second_factor.complete(
                form.mfa_token, FactorMethod(method), code, request_context, carrier=carrier
            )
        case _:
            return None
