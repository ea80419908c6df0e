"""Routes of the user's own second factors."""

import msgspec
from litestar import Controller, delete, get, post
from litestar.params import JSONBody

from auth_api.credentials.errors import FactorInvalidException, FactorNotFoundException, LastFactorException
from auth_api.credentials.recovery_codes.schemas import EXAMPLE_CODES, shown_codes
from auth_api.credentials.totp.service import CANDIDATE_LIFETIME
from auth_api.flows.own_factors.schemas import (
    EXAMPLE_CONFIRMED,
    EXAMPLE_ENROLMENT,
    EXAMPLE_FACTORS,
    EXAMPLE_TWO_STEP,
    ConfirmedTotp,
    Factors,
    NewCodes,
    TotpConfirmation,
    TotpEnrolment,
    TwoStep,
    TwoStepChange,
)
from auth_api.flows.own_factors.service import OwnFactorsService
from auth_api.flows.own_factors.views import factors_view, totp_view
from auth_api.kit.clock import optional_rfc3339, rfc3339
from auth_api.kit.errors import NotFoundException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.json import NoFields
from auth_api.kit.http.openapi import BODY_ERRORS, DATABASE_ERRORS, checked_bearer, protected, with_examples
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
from auth_api.sign_in.policy import MfaPolicy
from auth_api.sign_in.schemas import (
    EXAMPLE_LOGGED_IN_BY_ENROLMENT,
    LoggedIn,
    NewEnrolment,
    logged_in_view,
    stepped_up_view,
)
from auth_api.sign_in.second_factors import SecondFactors
from auth_api.users.errors import UserNotFoundException
from auth_api.users.service import UserService

CHANGE_ERRORS = (*AUTHENTICATION_ERRORS, StepUpRequiredException, UserNotFoundException)


class OwnFactorsController(Controller):
    """Read and change the second factors of the user's own account."""

    path = "/api/user"
    tags = ("Second factors",)

    @get(
        "/factors",
        summary="Read the second factors",
        operation_id="readFactors",
        **protected(*AUTHENTICATION_ERRORS, UserNotFoundException, *DATABASE_ERRORS, response=EXAMPLE_FACTORS),
    )
    async def read_factors(
        self,
        principal: Injected[Principal],
        second_factors: Injected[SecondFactors],
        users: Injected[UserService],
        mfa_policy: Injected[MfaPolicy],
    ) -> Factors:
        """Return the second factors of the account, without secrets."""
        factors = await second_factors.of_user(principal.id)
        is_required = mfa_policy.requires(await users.get_credentials(principal.id))
        return factors_view(principal, factors, second_factors, is_required=is_required)

    @post(
        "/totp",
        status_code=201,
        summary="Begin to add an authenticator app",
        operation_id="beginTotp",
        rate_limit="factor",
        **with_examples(
            checked_bearer(
                *BODY_ERRORS,
                *CHANGE_ERRORS,
                NotFoundException,
                MfaTokenInvalidException,
                EmailNotVerifiedException,
                *DATABASE_ERRORS,
                response=EXAMPLE_ENROLMENT,
                request={},
            ),
            requests={"during a login": {"mfa_token": EXAMPLE_MFA_TOKEN}},
        ),
    )
    async def begin_totp(
        self,
        data: JSONBody[NewEnrolment],
        signed_in: Injected[Principal | None],
        own_factors: Injected[OwnFactorsService],
    ) -> TotpEnrolment:
        """Return the secret of a new authenticator app.

        It is in use after `POST /api/user/totp/confirm`. Until then, an earlier app goes on working. After a login that
        responded `MFA_ENROLMENT_REQUIRED`, send its `mfa_token` instead of an access token.
        """
        new = await own_factors.begin_totp(enrolling_caller(signed_in, data.mfa_token))
        return TotpEnrolment(
            secret=new.secret,
            otpauth_uri=new.uri,
            qr_code=new.qr_code,
            expires_in=int(CANDIDATE_LIFETIME.total_seconds()),
        )

    @post(
        "/totp/confirm",
        status_code=200,
        summary="Confirm an authenticator app",
        operation_id="confirmTotp",
        rate_limit="factor",
        **with_examples(
            checked_bearer(
                *BODY_ERRORS,
                *CHANGE_ERRORS,
                *ENROLLED_LOGIN_ERRORS,
                NotFoundException,
                FactorNotFoundException,
                FactorInvalidException,
                *DATABASE_ERRORS,
                response=EXAMPLE_CONFIRMED,
                request={"code": "492039"},
            ),
            requests={"during a login": {"mfa_token": EXAMPLE_MFA_TOKEN, "code": "492039"}},
            responses={"during a login": EXAMPLE_LOGGED_IN_BY_ENROLMENT},
        ),
    )
    async def confirm_totp(
        self,
        data: JSONBody[TotpConfirmation],
        signed_in: Injected[Principal | None],
        own_factors: Injected[OwnFactorsService],
        sessions: Injected[SessionService],
        request_context: Injected[RequestContext],
    ) -> ConfirmedTotp | LoggedIn:
        """Put the authenticator app into use by a code of it, and switch on two-step login.

        If two-step login was off, all other sessions end. An earlier app stops working. With the `mfa_token` of a login
        instead of an access token, the response is that of a login.
        """
        enrolling = enrolling_caller(signed_in, data.mfa_token)
        if not isinstance(enrolling, Principal):
            login = await own_factors.confirm_first_totp(enrolling, data.code, request_context)
            return logged_in_view(login.signed_in, sessions, recovery_codes=login.recovery_codes)
        confirmed = await own_factors.confirm_totp(enrolling, data.code, request_context)
        added = confirmed.added
        return ConfirmedTotp(
            **msgspec.structs.asdict(stepped_up_view(added.session, sessions)),
            totp=totp_view(confirmed.totp, own_factors.second_factors.totp),
            sessions_ended=added.sessions_ended,
            recovery_codes=shown_codes(added.recovery_codes),
        )

    @delete(
        "/totp",
        status_code=204,
        summary="Remove the authenticator app",
        operation_id="removeTotp",
        rate_limit="factor",
        **protected(*CHANGE_ERRORS, FactorNotFoundException, LastFactorException, *DATABASE_ERRORS),
    )
    async def remove_totp(
        self,
        principal: Injected[Principal],
        own_factors: Injected[OwnFactorsService],
        request_context: Injected[RequestContext],
    ) -> None:
        """Remove the authenticator app. With the last factor, two-step login is off and the recovery codes go."""
        await own_factors.remove_totp(principal, request_context)

    @post(
        "/two-step",
        status_code=200,
        summary="Switch two-step login on or off",
        operation_id="switchTwoStep",
        rate_limit="factor",
        **protected(
            *BODY_ERRORS,
            *CHANGE_ERRORS,
            FactorNotFoundException,
            LastFactorException,
            *DATABASE_ERRORS,
            response=EXAMPLE_TWO_STEP,
            request={"enabled": True},
        ),
    )
    async def switch_two_step(
        self,
        data: JSONBody[TwoStepChange],
        principal: Injected[Principal],
        own_factors: Injected[OwnFactorsService],
        request_context: Injected[RequestContext],
    ) -> TwoStep:
        """Switching on ends all other sessions. Switching off removes the authenticator app."""
        state = await own_factors.set_two_step(principal, is_on=data.enabled, request_context=request_context)
        return TwoStep(
            two_step=state.since is not None,
            two_step_since=optional_rfc3339(state.since),
            sessions_ended=state.sessions_ended,
        )

    @post(
        "/recovery-codes",
        status_code=201,
        summary="Create recovery codes",
        operation_id="createRecoveryCodes",
        rate_limit="factor",
        **protected(
            *BODY_ERRORS,
            *CHANGE_ERRORS,
            FactorNotFoundException,
            *DATABASE_ERRORS,
            response={"recovery_codes": EXAMPLE_CODES, "created_at": "2026-02-19T10:30:45.123Z"},
            request={},
        ),
    )
    async def create_recovery_codes(
        self,
        data: JSONBody[NoFields],  # noqa: ARG002 - checks that the body is an empty object
        principal: Injected[Principal],
        own_factors: Injected[OwnFactorsService],
        request_context: Injected[RequestContext],
    ) -> NewCodes:
        """Create ten recovery codes. Earlier ones stop working at once."""
        codes = await own_factors.create_recovery_codes(principal, request_context)
        return NewCodes(recovery_codes=codes.codes, created_at=rfc3339(codes.created_at))
