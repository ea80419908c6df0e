"""Whatever a client sends as credential or code, the server answers with an error of the contract, and opens nothing.

Each case meets a login, session or enrolment that would accept the right one, as the last tests show.
"""

import json
import os
from base64 import b32decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from hypothesis import given

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from auth_api.sign_in.tables import PendingLoginRow
from tests.conftest import UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.authenticator_app import begin_totp
from tests.support.factors import (
    add_recovery_codes,
    add_totp,
    current_code,
    first_step,
    set_failures,
    switch_two_step_on,
)
from tests.support.generated_credentials import Damage, codes, damages
from tests.support.generated_input import cases, stop_recording_secrets
from tests.support.passkeys import (
    creation_options,
    login_options,
    new_authenticator,
    second_factor_options,
    step_up_options,
    stored_passkey,
)
from tests.support.soft_authenticator import SYNCED, SoftAuthenticator

pytestmark = pytest.mark.slow

CASES: Final = int(os.environ.get("FUZZ_EXAMPLES", "60"))
"""Of each route and method. `make fuzz` sends at least 2,000 damaged credentials and 2,000 codes to each database."""

PATHS: Final = {
    "login": "/api/auth/passkey/login",
    "mfa": "/api/auth/mfa",
    "step-up": "/api/auth/step-up",
    "register": "/api/user/passkeys",
    "confirm": "/api/user/totp/confirm",
}

REFUSALS: Final = {"PASSKEY_INVALID", "PASSKEY_UNKNOWN", "FACTOR_INVALID", "VALIDATION_ERROR", "MALFORMED_REQUEST"}


@dataclass
class Conversation:
    """A user in the middle of a conversation whose next request has a credential or a code."""

    actor: Actor
    soft: SoftAuthenticator
    mfa_token: str = ""
    seed: bytes = b""
    options: Any = None

    async def genuine(self, route: str) -> Any:
        """Return what a browser would send. What is refused does not use up the options, so they are read once."""
        if route == "register":
            return self.soft.create(await creation_options(self.actor))
        if self.options is None:
            if route == "login":
                self.options = await login_options(self.actor)
            elif route == "mfa":
                self.options = await second_factor_options(self.actor, self.mfa_token)
            else:
                self.options = await step_up_options(self.actor)
        return self.soft.get(self.options)

    async def send(self, route: str, **fields: Any) -> ApiResponse:
        """Send the request of a route with these fields, and those that it needs besides."""
        is_public = route in {"login", "mfa"}
        body = {"mfa_token": self.mfa_token, **fields} if route == "mfa" else fields
        return await self.actor.call(
            "POST",
            PATHS[route],
            token="" if is_public else None,
            content=json.dumps(body),
            headers={"Content-Type": "application/json"},
        )


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    ada = await user_factory(is_verified=True)
    stop_recording_secrets(ada.client)
    return ada


@pytest.fixture
async def no_new_session(ada: Actor) -> AsyncIterator[None]:
    """Check at the end of the test that the session of the registration is the only one."""
    yield
    assert await SessionRow.count() == 1


@pytest.fixture
async def conversation(route: str, ada: Actor, services: Services) -> Conversation:
    """A conversation before a credential or code of the route that the test is about."""
    talk = Conversation(ada, new_authenticator(flags=SYNCED))
    if route == "confirm":
        talk.seed = b32decode((await begin_totp(ada))["secret"])
    elif route != "register":
        await stored_passkey(services, ada, talk.soft)
        await add_recovery_codes(services, ada.username)
        talk.seed = await add_totp(services, ada.username)
        await switch_two_step_on(ada.username)
        talk.mfa_token = await first_step(ada)
    return talk


async def allow_further_guesses() -> None:
    """Forget the guesses so far, which would end the login or the session."""
    attempts: dict[Any, Any] = {PendingLoginRow.attempts: 0}
    await PendingLoginRow.update(attempts, force=True)
    await set_failures(0)


def has_the_meaning_of(credential: Any, genuine: Any, route: str) -> bool:
    """Return whether a damaged credential is as good as the genuine one. Only a login needs a user handle."""
    if not (isinstance(credential, dict) and isinstance(credential.get("response"), dict)):
        return False
    response = dict(credential["response"])
    if route != "login" and (response.get("userHandle") is None or response["userHandle"] == ""):
        response["userHandle"] = genuine["response"]["userHandle"]
    return bool({**credential, "response": response} == genuine)


def method_of(route: str, method: str) -> dict[str, str]:
    return {"method": method} if route in {"mfa", "step-up"} else {}


@pytest.mark.usefixtures("no_new_session")
@pytest.mark.parametrize("route", ["login", "mfa", "step-up"])
@cases(CASES)
@given(damage=damages())
async def test_damaged_use_of_a_passkey_is_refused(conversation: Conversation, route: str, damage: Damage) -> None:
    genuine = await conversation.genuine(route)
    credential = damage(genuine)
    if has_the_meaning_of(credential, genuine, route):
        return
    await allow_further_guesses()

    response = await conversation.send(route, **method_of(route, "passkey"), credential=credential)

    assert (response.status, response.code in REFUSALS) == (400, True), response.json


@pytest.mark.usefixtures("no_new_session")
@pytest.mark.parametrize("route", ["register"])
@cases(CASES)
@given(damage=damages())
async def test_damaged_new_passkey_is_refused_or_kept(conversation: Conversation, route: str, damage: Damage) -> None:
    """A registration is not signed, so a change of unused bytes, such as those of the model, cannot be seen."""
    credential = damage(await conversation.genuine(route))

    response = await conversation.send(route, credential=credential)

    assert response.status == 201 or (response.status == 400 and response.code in REFUSALS), response.json
    await PasskeyRow.delete(force=True)
    await RecoveryCodeRow.delete(force=True)


@pytest.mark.usefixtures("no_new_session")
@pytest.mark.parametrize(
    ("route", "method"),
    [("mfa", "totp"), ("mfa", "recovery_code"), ("step-up", "totp"), ("step-up", "recovery_code"), ("confirm", "")],
)
@cases(CASES)
@given(code=codes())
async def test_generated_code_is_refused(
    conversation: Conversation, services: Services, route: str, method: str, code: Any
) -> None:
    right = {current_code(services, conversation.seed, steps=steps) for steps in range(-2, 3)}
    if isinstance(code, str) and code.replace(" ", "").replace("-", "") in right:
        return
    await allow_further_guesses()

    response = await conversation.send(route, **method_of(route, method), code=code)

    assert (response.status, response.code in REFUSALS) == (400, True), response.json


@pytest.mark.parametrize("route", ["login", "mfa", "step-up", "register"])
async def test_genuine_credential_is_accepted(conversation: Conversation, route: str) -> None:
    """The tests above refuse what is damaged, and not everything."""
    response = await conversation.send(
        route, **method_of(route, "passkey"), credential=await conversation.genuine(route)
    )

    assert response.response.is_success, response.json


@pytest.mark.parametrize("route", ["mfa", "step-up", "confirm"])
async def test_genuine_code_is_accepted(conversation: Conversation, services: Services, route: str) -> None:
    response = await conversation.send(
        route, **method_of(route, "totp"), code=current_code(services, conversation.seed)
    )

    assert response.response.is_success, response.json
