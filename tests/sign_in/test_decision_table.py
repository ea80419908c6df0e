"""The decision about a login, for every state of the account and every proof of identity."""

from dataclasses import replace
from datetime import datetime
from itertools import product
from typing import Any

import msgspec
import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.kit.errors import AuthException
from auth_api.kit.request_context import RequestContext
from auth_api.roles.tables import UserRoleRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.policy import ADMINS, OPTIONAL, REQUIRED, MfaPolicy
from auth_api.sign_in.proof import Proof
from auth_api.sign_in.service import SignIn
from auth_api.sign_in.tables import PendingLoginRow
from auth_api.users.policy import VerificationPolicy
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.factors import add_recovery_codes, add_totp
from tests.support.passkeys import stored_passkey
from tests.support.roles import add_role, give_role

FOREIGN_SEED = "1.00000000." + "A" * 60

PROOFS = {
    ("pwd",): "aal1",
    ("fed",): "aal1",
    ("otp",): "aal1",
    ("pwd", "otp"): "aal2",
    ("fed", "recovery_code"): "aal2",
    ("hwk",): "phr",
    ("swk",): "phr",
}
"""The methods that were proved, and their level. What is more than a first factor was proved just now."""

FIRST_FACTORS = {("pwd",), ("fed",)}

USABLE = {
    "none": [],
    "app": ["totp"],
    "passkey": ["passkey"],
    "app and codes": ["totp", "recovery_code"],
    "lost app": [],
    "lost app and codes": ["recovery_code"],
    "passkey of another domain": [],
}
"""The factors of an account, and the methods that it can use."""


class State(msgspec.Struct, frozen=True):
    """The state that a login is decided on. `roles` is the kind of role that the user has."""

    is_active: bool
    is_verified: bool
    requires_verification: bool
    is_two_step: bool
    policy: str
    roles: str


BOTH = (True, False)
FLAGS = [*product(BOTH, BOTH, BOTH, BOTH)]

STATES = [
    *(State(*flags, OPTIONAL, "administrative") for flags in FLAGS),
    *(State(*flags, REQUIRED, "none") for flags in FLAGS),
    *(
        State(
            is_active=True,
            is_verified=True,
            requires_verification=False,
            is_two_step=two_step,
            policy=ADMINS,
            roles=roles,
        )
        for two_step, roles in product(BOTH, ["none", "other", "administrative"])
    ),
]


def expected(state: State, proof: tuple[str, ...], factors: str) -> tuple[str, list[str]]:
    """Return the decision as the documentation states it: the error code or `open`, and the methods."""
    if not state.is_active:
        return "ACCOUNT_DISABLED", []
    if state.requires_verification and not state.is_verified:
        return "EMAIL_NOT_VERIFIED", []
    is_administrator = state.policy == ADMINS and state.roles == "administrative"
    is_wanted = state.is_two_step or state.policy == REQUIRED or is_administrator
    if not is_wanted or PROOFS[proof] != "aal1":
        return "open", []
    if state.is_two_step or factors != "none":
        return "MFA_REQUIRED", USABLE[factors]
    return "MFA_ENROLMENT_REQUIRED", []


async def give_factors(services: Services, ada: Actor, factors: str) -> None:
    """Give the user these factors."""
    if "passkey" in factors:
        await stored_passkey(services, ada)
    if "domain" in factors:
        await PasskeyRow.update({PasskeyRow.rp_id: "old.example"}, force=True)
    if "app" in factors:
        await add_totp(services, ada.username)
    if "lost" in factors:
        await TotpFactorRow.update({TotpFactorRow.sealed: FOREIGN_SEED}, force=True)
    if "codes" in factors:
        await add_recovery_codes(services, ada.username)


async def apply(state: State) -> None:
    """Put the only account into the state."""
    since: Any = UserRow.created_at
    await UserRow.update(
        {
            UserRow.is_active: state.is_active,
            UserRow.email_verified_at: since if state.is_verified else None,
            UserRow.two_step_since: since if state.is_two_step else None,
        },
        force=True,
    )
    await UserRoleRow.delete(force=True)
    if state.roles != "none":
        await give_role("ada", "support" if state.roles == "administrative" else "shop")


async def decide(sign_in: SignIn, services: Services, proof: tuple[str, ...]) -> tuple[str, list[str]]:
    """Log in with a proof by these methods."""
    users = services.core.users
    user = await users.find("ada")

    async def claim() -> Proof:
        login = await users.record_login(user.id)
        assert login is not None
        mfa_at: datetime | None = None if proof in FIRST_FACTORS else login.at
        return Proof(
            user=login.user,
            methods=proof,
            has_administrative_role=login.has_administrative_role,
            auth_time=login.at,
            mfa_at=mfa_at,
        )

    try:
        await sign_in.log_in(claim, user_id=user.id, has_logged_in=True, request_context=RequestContext())
    except AuthException as error:
        return error.error_code, list(error.members.get("methods", []))
    return "open", []


@pytest.mark.parametrize("factors", USABLE)
async def test_login_is_decided_by_the_first_row_that_applies(
    user_factory: UserFactory, services: Services, factors: str
) -> None:
    ada = await user_factory()
    await give_factors(services, ada, factors)
    await add_role("shop", ["orders:read", "access:check"])

    for state in STATES:
        await apply(state)
        sign_in = replace(
            services.core.sign_in,
            mfa_policy=MfaPolicy(requirement=state.policy),
            verification_policy=VerificationPolicy(required=state.requires_verification),
        )
        for proof in PROOFS:
            await SessionRow.delete(force=True)
            await PendingLoginRow.delete(force=True)

            outcome = await decide(sign_in, services, proof)

            assert outcome == expected(state, proof, factors), (state, proof)
            assert await SessionRow.count() == (outcome[0] == "open"), (state, proof)
            purposes = [row["purpose"] for row in await PendingLoginRow.select(PendingLoginRow.purpose)]
            assert purposes == {"MFA_REQUIRED": ["second"], "MFA_ENROLMENT_REQUIRED": ["enrol"]}.get(outcome[0], [])
