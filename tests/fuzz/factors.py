"""Use every operation of second factors: generated requests have neither signatures of passkeys nor codes of apps."""

import httpx

from tests.fuzz.accounts import PASSWORD, Api
from tests.support.actors import Actor
from tests.support.factor_conversations import with_a_passkey, with_a_passkey_as_second_factor, with_an_app


async def use_factors(url: str) -> None:
    """Take all steps of all conversations about second factors at a development server.

    Raises:
        AssertionError: a step did not succeed.
    """
    api = Api(url)
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        for converse in (with_an_app, with_a_passkey, with_a_passkey_as_second_factor):
            user = api.register()
            api.verify(user)
            username = user.email.partition("@")[0]
            actor = Actor(client, username, user.email, PASSWORD, user.access_token, user.refresh_token)
            async for _ in converse(actor):
                pass
            await remove_factors(actor)


async def remove_factors(actor: Actor) -> None:
    """Replace the recovery codes of a user, and remove all factors."""
    assert (await actor.call("POST", "/api/user/recovery-codes", json={})).status == 201
    factors = (await actor.call("GET", "/api/user/factors")).json
    paths = ["totp"] if factors["totp"] else [f"passkeys/{passkey['id']}" for passkey in factors["passkeys"]]
    for path in paths:
        assert (await actor.call("DELETE", f"/api/user/{path}")).status == 204
