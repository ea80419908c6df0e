"""POST /account/login/sign-up: create the account of a sign-in by a provider."""

from typing import Any

import msgspec
from litestar import Controller, Response, get, post

from auth_api.flows.federation.federated_sign_in import FederatedSignIn
from auth_api.flows.second_factor.service import SecondFactorService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.request_context import RequestContext
from auth_api.sign_in_flows.errors import FlowInvalidException
from auth_api.web.federation.schemas import SignUpForm
from auth_api.web.federation.sign_up_pages import SIGN_UP, sign_up_values
from auth_api.web.frame.journey import LOGIN
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.check_mail import RESEND_EMAIL, MailReason, check_mail
from auth_api.web.sign_in.outcomes import unfinished_sign_in


class SignUpPageController(Controller):
    """Create the account of a person who has signed in by a provider for the first time."""

    path = "/account/login/sign-up"

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit]) -> Response[str]:
        """Lead to the sign-in page, where the sign-in begins."""
        return visit.redirect(visit.journey.link(LOGIN))

    @post("/", rate_limit="register", **PAGE)
    async def sign_up(
        self,
        visit: Injected[Visit],
        federated_sign_in: Injected[FederatedSignIn],
        second_factor: Injected[SecondFactorService],
    ) -> Response[Any]:
        """Create the account, and sign in unless the e-mail address must be verified first."""
        try:
            form = await visit.form(SignUpForm)
            registered = await federated_sign_in.register(
                form.signup_token,
                username=form.username,
                email=form.email,
                display_name=form.display_name,
                request_context=_in_language(visit),
                carrier=visit.carrier(keep=form.keep),
            )
        except FlowInvalidException:
            return visit.redirect(visit.journey.link(LOGIN, error=FlowInvalidException.error_code))
        except ApplicationException as refusal:
            values = sign_up_values(visit, visit.values)
            return await unfinished_sign_in(visit, refusal, SIGN_UP, second_factor, **values)
        if registered.session is not None:
            return await visit.signed_in(registered.session, keep=form.keep)
        again = None if registered.user is None else RESEND_EMAIL
        return check_mail(visit, form.email, reason=MailReason.REGISTER, form=LOGIN, again=again)


def _in_language(visit: Visit) -> RequestContext:
    """Return the client, with the language that the person has chosen for the pages, for their mails."""
    context, lang = visit.request_context, visit.journey.lang
    return context if lang is None else msgspec.structs.replace(context, language=lang)
