"""Users with passkeys, and the requests with which they use them."""

from typing import Any, Final

import msgspec

from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.support.actors import Actor, ApiResponse
from tests.support.soft_authenticator import DEVICE_BOUND, ES256, SoftAuthenticator

RP_ID: Final = "example.com"
ORIGIN: Final = "https://login.example.com"


def new_authenticator(*, flags: int = DEVICE_BOUND, algorithm: int = ES256) -> SoftAuthenticator:
    """Return an authenticator without a passkey, in a browser on the right page."""
    return SoftAuthenticator(origin=ORIGIN, rp_id=RP_ID, flags=flags, algorithm=algorithm)


async def stored_passkey(
    services: Services, actor: Actor, soft: SoftAuthenticator | None = None, *, name: str = "Laptop"
) -> SoftAuthenticator:
    """Give a user a passkey without a request, and return its authenticator."""
    soft = soft or new_authenticator()
    passkeys = services.core.passkeys
    user = await services.core.users.find(actor.username)
    options = await passkeys.creation_options(user, binding="test")
    credential = soft.create(msgspec.to_builtins(options))
    registered = passkeys.verify_registration(credential, binding="test")
    await services.core.database.transaction(lambda: passkeys.add(user.id, registered, name=name))
    return soft


async def creation_options(actor: Actor) -> Any:
    """Begin to add a passkey, and return the options for the browser."""
    response = await actor.call("POST", "/api/user/passkeys/options", json={})
    assert response.status == 200, response.json
    return response["public_key"]


async def send_passkey(actor: Actor, credential: object, **fields: Any) -> ApiResponse:
    """Add what the browser created."""
    return await actor.call("POST", "/api/user/passkeys", json={"credential": credential, **fields})


async def add_passkey(actor: Actor, soft: SoftAuthenticator, **fields: Any) -> ApiResponse:
    """Add a passkey, both steps; the new access token becomes the current one."""
    response = await send_passkey(actor, soft.create(await creation_options(actor)), **fields)
    if response.status == 201:
        actor.access_token = response["access_token"]
    return response


async def login_options(actor: Actor) -> Any:
    """Begin a login with a passkey, and return the options for the browser."""
    response = await actor.call("POST", "/api/auth/passkey/options", token="", json={})
    assert response.status == 200, response.json
    return response["public_key"]


async def second_factor_options(actor: Actor, mfa_token: str) -> Any:
    """Begin to use a passkey as second factor, and return the options for the browser."""
    response = await actor.call("POST", "/api/auth/mfa/passkey-options", token="", json={"mfa_token": mfa_token})
    assert response.status == 200, response.json
    return response["public_key"]


async def send_second_factor(actor: Actor, mfa_token: str, credential: object) -> ApiResponse:
    """Complete a login with what the browser returned."""
    body = {"mfa_token": mfa_token, "method": "passkey", "credential": credential}
    return await actor.call("POST", "/api/auth/mfa", token="", json=body)


async def step_up_options(actor: Actor) -> Any:
    """Begin to prove the identity again, and return the options for the browser."""
    response = await actor.call("POST", "/api/auth/step-up/passkey-options", json={})
    assert response.status == 200, response.json
    return response["public_key"]


async def send_step_up(actor: Actor, credential: object) -> ApiResponse:
    """Prove the identity again with what the browser returned."""
    return await actor.call("POST", "/api/auth/step-up", json={"method": "passkey", "credential": credential})


async def send_login(actor: Actor, credential: object) -> ApiResponse:
    """Complete a login with what the browser returned."""
    return await actor.call("POST", "/api/auth/passkey/login", token="", json={"credential": credential})


async def passkey_login(actor: Actor, soft: SoftAuthenticator, **client_data: Any) -> ApiResponse:
    """Log in with a passkey, both steps."""
    return await send_login(actor, soft.get(await login_options(actor), **client_data))


async def switch_on_two_step(actor: Actor) -> None:
    """Switch on two-step login without a request."""
    changed: dict[Any, Any] = {UserRow.two_step_since: UserRow.created_at}
    await UserRow.update(changed).where(UserRow.username == actor.username)


async def remove_passkey(actor: Actor, passkey_id: object) -> tuple[int, str]:
    """Remove a passkey, and return the outcome."""
    return (await actor.call("DELETE", f"/api/user/passkeys/{passkey_id}")).outcome


async def factors_of(actor: Actor) -> Any:
    """Return the list of factors."""
    return (await actor.call("GET", "/api/user/factors")).json
