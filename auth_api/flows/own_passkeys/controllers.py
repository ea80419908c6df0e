"""Routes of the user's own passkeys."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, delete, post
from litestar.params import JSONBody, PathParameter

from auth_api.credentials.errors import (
    DuplicatePasskeyException,
    FactorNotFoundException,
    LastFactorException,
    LastSignInMethodException,
    PasskeyInvalidException,
)
from auth_api.credentials.passkeys.schemas import (
    EXAMPLE_CREATION_OPTIONS,
    PasskeyCreationOptions,
    passkey_view,
)
from auth_api.credentials.recovery_codes.schemas import shown_codes
from auth_api.flows.own_passkeys.schemas import (
    EXAMPLE_ADDED_PASSKEY,
    EXAMPLE_NEW_PASSKEY,
    AddedPasskeyResponse,
    NewPasskey,
)
from auth_api.flows.own_passkeys.service import OwnPasskeysService
from auth_api.kit.errors import LimitReachedException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, also, checked_bearer, protected, with_examples
from auth_api.kit.request_context import RequestContext
from auth_api.sessions.errors import AUTHENTICATION_ERRORS
from auth_api.sessions.principal import Principal
from auth_api.sessions.service import SessionService
from auth_api.sign_in.enrolment import enrolling_caller
from auth_api.sign_in.errors import (
    ENROLLED_LOGIN_ERRORS,
    EmailNotVerifiedException,
    MfaTokenInvalidException,
    StepUpRequiredException,
)
from auth_api.sign_in.pending_login import EXAMPLE_MFA_TOKEN
from auth_api.sign_in.schemas import (
    EXAMPLE_LOGGED_IN_BY_NEW_PASSKEY,
    LoggedIn,
    NewEnrolment,
    logged_in_view,
    stepped_up_view,
)
from auth_api.users.errors import UserNotFoundException

CHANGE_ERRORS = (*AUTHENTICATION_ERRORS, StepUpRequiredException, UserNotFoundException)

MAX_ID_DIGITS = 18
"""Longer numbers cannot be ids."""


class OwnPasskeysController(Controller):
    """Add and remove passkeys of the user's own account."""

    path = "/api/user/passkeys"
    tags = ("Second factors",)

    @post(
        "/options",
        status_code=200,
        summary="Begin to add a passkey",
        operation_id="beginPasskey",
        rate_limit="factor",
        **with_examples(
            checked_bearer(
                *BODY_ERRORS,
                *CHANGE_ERRORS,
                MfaTokenInvalidException,
                EmailNotVerifiedException,
                LimitReachedException,
                *DATABASE_ERRORS,
                response=EXAMPLE_CREATION_OPTIONS,
                request={},
            ),
            requests={"during a login": {"mfa_token": EXAMPLE_MFA_TOKEN}},
        ),
    )
    async def begin_passkey(
        self,
        data: JSONBody[NewEnrolment],
        signed_in: Injected[Principal | None],
        own_passkeys: Injected[OwnPasskeysService],
    ) -> PasskeyCreationOptions:
        """Return what the browser needs to create a passkey. It works once, in this session or login.

        After a login that responded `MFA_ENROLMENT_REQUIRED`, send its `mfa_token` instead of an access token.
        """
        options = await own_passkeys.options(enrolling_caller(signed_in, data.mfa_token))
        return PasskeyCreationOptions(public_key=options)

    @post(
        "",
        status_code=201,
        summary="Add a passkey",
        operation_id="addPasskey",
        rate_limit="factor",
        **also(
            with_examples(
                checked_bearer(
                    *BODY_ERRORS,
                    *CHANGE_ERRORS,
                    *ENROLLED_LOGIN_ERRORS,
                    PasskeyInvalidException,
                    DuplicatePasskeyException,
                    LimitReachedException,
                    *DATABASE_ERRORS,
                    response=EXAMPLE_ADDED_PASSKEY,
                    request=EXAMPLE_NEW_PASSKEY,
                ),
                requests={"during a login": {"mfa_token": EXAMPLE_MFA_TOKEN, **EXAMPLE_NEW_PASSKEY}},
            ),
            status=200,
            response=LoggedIn,
            description="With the `mfa_token` of a login: the passkey has completed it.",
            example=EXAMPLE_LOGGED_IN_BY_NEW_PASSKEY,
        ),
    )
    async def add_passkey(
        self,
        data: JSONBody[NewPasskey],
        signed_in: Injected[Principal | None],
        own_passkeys: Injected[OwnPasskeysService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> Response[AddedPasskeyResponse]:
        """Add what the browser created. From then on, sensitive changes need a passkey or another second factor.

        Two-step login stays as it is. With the `mfa_token` of a login instead of an access token, the response is that
        of a login.
        """
        enrolling = enrolling_caller(signed_in, data.mfa_token)
        if not isinstance(enrolling, Principal):
            login = await own_passkeys.add_first(
                enrolling, data.credential, name=data.name, request_context=request_context
            )
            logged_in: Any = logged_in_view(login.signed_in, sessions, recovery_codes=login.recovery_codes)
            return Response(logged_in, status_code=200)
        new = await own_passkeys.add(enrolling, data.credential, name=data.name, request_context=request_context)
        added = AddedPasskeyResponse(
            **msgspec.structs.asdict(stepped_up_view(new.added.session, sessions)),
            passkey=passkey_view(new.passkey, is_usable=True),
            recovery_codes=shown_codes(new.added.recovery_codes),
        )
        return Response(added, status_code=201)

    @delete(
        "/{passkey_id:str}",
        status_code=204,
        summary="Remove a passkey",
        operation_id="removePasskey",
        rate_limit="factor",
        **protected(
            *CHANGE_ERRORS,
            FactorNotFoundException,
            LastSignInMethodException,
            LastFactorException,
            *DATABASE_ERRORS,
        ),
    )
    async def remove_passkey(
        self,
        passkey_id: Annotated[str, PathParameter(description="The `id` of the passkey.")],
        principal: Injected[Principal],
        own_passkeys: Injected[OwnPasskeysService],
        request_context: Injected[RequestContext],
    ) -> None:
        """Remove a passkey. With the last factor, two-step login is off and the recovery codes go."""
        is_id = passkey_id.isascii() and passkey_id.isdigit() and len(passkey_id) <= MAX_ID_DIGITS
        await own_passkeys.remove(principal, int(passkey_id) if is_id else 0, request_context)
