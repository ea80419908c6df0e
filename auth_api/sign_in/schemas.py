"""The responses to a complete login, by whatever method, and to a further proof of identity."""

from typing import Annotated, Any, Literal

import msgspec

from auth_api.credentials.recovery_codes.schemas import EXAMPLE_CODES, RecoveryCodesField, shown_codes
from auth_api.credentials.recovery_codes.service import NewRecoveryCodes
from auth_api.kit.clock import rfc3339
from auth_api.sessions.opened import ProvedSession
from auth_api.sessions.schemas import (
    EXAMPLE_TOKEN_PAIR,
    AccessTokenField,
    AcrField,
    AmrField,
    ExpiresInField,
    TokenPair,
    token_pair_view,
)
from auth_api.sessions.service import SessionService
from auth_api.sign_in.pending_login import EXAMPLE_MFA_TOKEN
from auth_api.sign_in.service import SignedIn
from auth_api.users.schemas import EXAMPLE_USER, Timestamp, UserResponse, user_response

EXAMPLE_LOGGED_IN: dict[str, Any] = {
    **EXAMPLE_TOKEN_PAIR,
    "acr": "aal1",
    "amr": ["pwd"],
    "user": {**EXAMPLE_USER, "last_login": "2026-02-19T10:30:45.123Z"},
}
EXAMPLE_LOGGED_IN_BY_CODE: dict[str, Any] = {
    **EXAMPLE_LOGGED_IN,
    "acr": "aal2",
    "amr": ["pwd", "otp", "mfa"],
}
EXAMPLE_LOGGED_IN_BY_ENROLMENT: dict[str, Any] = {**EXAMPLE_LOGGED_IN_BY_CODE, "recovery_codes": EXAMPLE_CODES}
EXAMPLE_LOGGED_IN_BY_PASSKEY: dict[str, Any] = {
    **EXAMPLE_LOGGED_IN,
    "acr": "phr",
    "amr": ["swk", "mfa"],
}
EXAMPLE_LOGGED_IN_BY_NEW_PASSKEY: dict[str, Any] = {
    **EXAMPLE_LOGGED_IN_BY_ENROLMENT,
    "acr": "phr",
    "amr": ["pwd", "hwk", "mfa"],
}

EXAMPLE_STEPPED_UP: dict[str, Any] = {
    "access_token": EXAMPLE_TOKEN_PAIR["access_token"],
    "token_type": "Bearer",
    "expires_in": 1800,
    "acr": "aal1",
    "amr": ["pwd"],
    "auth_time": "2026-02-19T10:30:45.123Z",
}


MfaTokenText = Annotated[
    str,
    msgspec.Meta(
        max_length=255,
        description="The `mfa_token` from the response to the first step.",
        examples=[EXAMPLE_MFA_TOKEN],
        extra={"any_text": True},
    ),
]


class NewEnrolment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Begin to add a factor, with an access token, or with the `mfa_token` of a login."""

    mfa_token: MfaTokenText | None = None


class LoggedIn(TokenPair, frozen=True, kw_only=True):
    """A token pair, the level of the session, and the user it belongs to.

    `recovery_codes_left` is present only after a recovery code was used, and `recovery_codes` only if the login has
    added the first factor of the account.
    """

    acr: AcrField
    amr: AmrField
    recovery_codes: RecoveryCodesField | msgspec.UnsetType = msgspec.UNSET
    recovery_codes_left: int | msgspec.UnsetType = msgspec.UNSET
    user: UserResponse


class SteppedUp(msgspec.Struct, frozen=True, kw_only=True):
    """An access token that states the new proof of identity, for the same session. The refresh token stays valid.

    `recovery_codes_left` is present only after a recovery code was used.
    """

    access_token: AccessTokenField
    token_type: Literal["Bearer"]
    expires_in: ExpiresInField
    acr: AcrField
    amr: AmrField
    auth_time: Timestamp
    recovery_codes_left: int | msgspec.UnsetType = msgspec.UNSET


def stepped_up_view(
    session: ProvedSession, sessions: SessionService, *, recovery_codes_left: int | None = None
) -> SteppedUp:
    """Return the response to a further proof of identity. Call it after the commit.

    Args:
        session: the session after the proof.
        sessions: issues the access token.
        recovery_codes_left: the number of unused recovery codes; None if no code was used.
    """
    access_token = sessions.access_token(session)
    return SteppedUp(
        access_token=access_token.raw,
        token_type="Bearer",  # noqa: S106 - RFC 6749 §7.1
        expires_in=access_token.expires_in,
        acr=access_token.acr,
        amr=list(access_token.amr),
        auth_time=rfc3339(session.claims.auth_time),
        recovery_codes_left=msgspec.UNSET if recovery_codes_left is None else recovery_codes_left,
    )


def logged_in_view(
    signed_in: SignedIn,
    sessions: SessionService,
    *,
    recovery_codes_left: int | None = None,
    recovery_codes: NewRecoveryCodes | None = None,
) -> LoggedIn:
    """Return the response to a login. Call it after the commit.

    Args:
        signed_in: the user and the new session.
        sessions: issues the access token.
        recovery_codes_left: the number of unused recovery codes; None if no code was used.
        recovery_codes: the codes that came with the first factor; None if the login has added none.
    """
    session = signed_in.session
    access_token = sessions.access_token(session)
    tokens = token_pair_view(access_token, session.secret, refresh_expires_in=session.expires_in)
    return LoggedIn(
        **msgspec.structs.asdict(tokens),
        acr=access_token.acr,
        amr=list(access_token.amr),
        recovery_codes=shown_codes(recovery_codes),
        recovery_codes_left=msgspec.UNSET if recovery_codes_left is None else recovery_codes_left,
        user=user_response(signed_in.user),
    )
