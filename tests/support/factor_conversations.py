"""Conversations about second factors, in steps: between two of them, a test replaces the server.

Each is an asynchronous generator that yields where a real user takes time: to read a code, or to touch a key. It fails
if a step does not succeed.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Final

from tests.support.actors import Actor
from tests.support.authenticator_app import AuthenticatorApp, begin_totp, confirm_totp, present_step
from tests.support.factors import first_step, second_step, step_up
from tests.support.passkeys import (
    creation_options,
    login_options,
    new_authenticator,
    second_factor_options,
    send_login,
    send_passkey,
    send_second_factor,
    send_step_up,
    step_up_options,
)
from tests.support.soft_authenticator import SYNCED

Conversation = AsyncGenerator[None, None]


async def with_an_app(actor: Actor) -> Conversation:
    """Add an authenticator app, log in with it, and use up the code for the step-up as well."""
    begun = await begin_totp(actor)
    assert begun.status == 201, begun.json
    yield
    app = AuthenticatorApp(begun["secret"])
    confirmed = await confirm_totp(actor, app.code())
    assert confirmed.status == 200, confirmed.json
    recovery_code = confirmed["recovery_codes"][0]
    mfa_token = await first_step(actor)
    yield
    code = app.code_of(max(app.next_step, present_step()))
    logged_in = await second_step(actor, mfa_token, code)
    assert logged_in.status == 200, logged_in.json
    actor.access_token = logged_in["access_token"]
    yield
    assert (await second_step(actor, await first_step(actor), code)).outcome == (400, "FACTOR_INVALID")
    stepped_up = await step_up(actor, method="recovery_code", code=recovery_code)
    assert (stepped_up.status, stepped_up["recovery_codes_left"]) == (200, 9)
    actor.access_token = stepped_up["access_token"]
    yield
    assert (await step_up(actor, method="recovery_code", code=recovery_code)).outcome == (400, "FACTOR_INVALID")
    assert (await actor.profile()).status == 200


async def with_a_passkey(actor: Actor) -> Conversation:
    """Add a passkey, log in with it, and prove the identity again."""
    soft = new_authenticator(flags=SYNCED)  # without a counter, only the challenge shows a replay
    options = await creation_options(actor)
    yield
    added = await send_passkey(actor, soft.create(options))
    assert added.status == 201, added.json
    options = await login_options(actor)
    yield
    credential = soft.get(options)
    logged_in = await send_login(actor, credential)
    assert logged_in.status == 200, logged_in.json
    actor.access_token = logged_in["access_token"]
    options = await step_up_options(actor)
    yield
    assert (await send_login(actor, credential)).outcome == (400, "PASSKEY_INVALID")
    stepped_up = await send_step_up(actor, soft.get(options))
    assert stepped_up.status == 200, stepped_up.json
    actor.access_token = stepped_up["access_token"]
    yield
    assert (await actor.profile()).status == 200


async def with_a_passkey_as_second_factor(actor: Actor) -> Conversation:
    """Add a passkey, switch two-step login on, and log in with the password and the passkey."""
    soft = new_authenticator()
    options = await creation_options(actor)
    yield
    added = await send_passkey(actor, soft.create(options))
    assert added.status == 201, added.json
    actor.access_token = added["access_token"]
    yield
    switched = await actor.call("POST", "/api/user/two-step", json={"enabled": True})
    assert switched.status == 200, switched.json
    mfa_token = await first_step(actor)
    yield
    options = await second_factor_options(actor, mfa_token)
    yield
    logged_in = await send_second_factor(actor, mfa_token, soft.get(options))
    assert logged_in.status == 200, logged_in.json
    actor.access_token = logged_in["access_token"]
    yield
    assert (await actor.profile()).status == 200


CONVERSATIONS: Final[dict[str, Callable[[Actor], Conversation]]] = {
    "ada": with_an_app,
    "bob": with_a_passkey,
    "eve": with_a_passkey_as_second_factor,
}
"""By the name of the user."""


async def advance(conversations: list[Conversation]) -> list[Conversation]:
    """Take the next step of each conversation, and return those that have a further one."""
    return [each for each in conversations if await anext(each, StopAsyncIteration) is None]
