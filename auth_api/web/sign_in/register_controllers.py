"""GET and POST /account/register."""

from typing import Any

from litestar import Controller, Response, get, post

from auth_api.flows.registration.service import RegistrationService
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.users.profile import ProfileInput
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.sign_in.check_mail import REGISTER, RESEND_EMAIL, MailReason, check_mail
from auth_api.web.sign_in.outcomes import REGISTRATION_CLOSED, refused_sign_in
from auth_api.web.sign_in.schemas import RegisterForm


class RegisterPageController(Controller):
    """Create an account."""

    path = REGISTER

    @get("/", **PAGE)
    async def show(self, visit: Injected[Visit], registration: Injected[RegistrationService]) -> Response[str]:
        """Show the form, or that the registration is closed."""
        if not registration.registration_policy.is_open:
            return visit.page(REGISTRATION_CLOSED)
        return visit.page("sign_in/register.html")

    @post("/", load_shedder="password_hashing", rate_limit="register", **PAGE)
    async def register(self, visit: Injected[Visit], registration: Injected[RegistrationService]) -> Response[Any]:
        """Create an account, and sign in unless the e-mail address must be verified first."""
        try:
            form = await visit.form(RegisterForm)
            registered = await registration.register(
                email=form.email,
                username=form.username,
                password=form.password,
                profile=_profile(visit),
                request_context=visit.request_context,
                carrier=visit.carrier(keep=form.keep),
            )
        except ApplicationException as refusal:
            return refused_sign_in(visit, refusal, "sign_in/register.html")
        if registered.session is not None:
            return await visit.signed_in(registered.session, keep=form.keep)
        again = None if registered.user is None else RESEND_EMAIL
        return check_mail(visit, form.email, reason=MailReason.REGISTER, form=REGISTER, again=again)


def _profile(visit: Visit) -> ProfileInput:
    """Return the language that the person has chosen for the pages, for their mails."""
    lang = visit.journey.lang
    return ProfileInput() if lang is None else ProfileInput(locale=lang)
