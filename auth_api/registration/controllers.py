"""POST /api/auth/register."""

from litestar import Controller, post
from litestar.params import JSONBody

from auth_api.kit.http.injection import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, public
from auth_api.kit.origin import Origin
from auth_api.registration.schemas import (
    EXAMPLE_REGISTERED,
    EXAMPLE_REGISTRATION,
    Registered,
    RegisterRequest,
    registered_view,
)
from auth_api.registration.service import RegistrationService
from auth_api.users.errors import DuplicateEmailException, DuplicateUsernameException, WeakPasswordException


class RegistrationController(Controller):
    """Open an account."""

    path = "/api/auth"
    tags = ("Authentication",)

    @post(
        "/register",
        summary="Register",
        operation_id="register",
        rate_limit="register",
        **public(
            *BODY_ERRORS,
            WeakPasswordException,
            DuplicateEmailException,
            DuplicateUsernameException,
            *DATABASE_ERRORS,
            answer=EXAMPLE_REGISTERED,
            request=EXAMPLE_REGISTRATION,
        ),
    )
    async def register(
        self, data: JSONBody[RegisterRequest], registration: Injected[RegistrationService], origin: Injected[Origin]
    ) -> Registered:
        """Open an account and log in to it. Of several who want the same address or name at once, one gets it."""
        account, tokens = await registration.register(
            email=data.email, username=data.username, password=data.password, origin=origin
        )
        return registered_view(account, tokens)
