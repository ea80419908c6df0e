"""Logins that must add a first factor, and the requests that do so."""

from typing import Any

from tests.support.actors import Actor, ApiResponse
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.soft_authenticator import SoftAuthenticator

TOTP = "/api/user/totp"
CONFIRM = "/api/user/totp/confirm"
OPTIONS = "/api/user/passkeys/options"
PASSKEYS = "/api/user/passkeys"


async def enrolment_token(actor: Actor) -> str:
    """Log in with the password, and return the token with which the first factor is added."""
    response = await Actor(actor.client, username=actor.username, password=actor.password).log_in()
    assert response.outcome == (403, "MFA_ENROLMENT_REQUIRED"), response.json
    return str(response["mfa_token"])


async def send(actor: Actor, path: str, mfa_token: str, **fields: Any) -> ApiResponse:
    """Send a request with the token of a login in place of an access token."""
    return await actor.call("POST", path, token="", json={"mfa_token": mfa_token, **fields})


async def begin_app(actor: Actor, mfa_token: str) -> AuthenticatorApp:
    """Begin to add an authenticator app."""
    begun = await send(actor, TOTP, mfa_token)
    assert begun.status == 201, begun.json
    return AuthenticatorApp(begun["secret"])


async def begin_passkey(actor: Actor, mfa_token: str, soft: SoftAuthenticator) -> dict[str, Any]:
    """Begin to add a passkey, and return what the browser creates."""
    begun = await send(actor, OPTIONS, mfa_token)
    assert begun.status == 200, begun.json
    credential: dict[str, Any] = soft.create(begun["public_key"])
    return credential


def enrolment_requests(*, credential: object) -> dict[str, dict[str, Any]]:
    """Return the fields of all requests of an enrolment, by path."""
    return {TOTP: {}, CONFIRM: {"code": "123456"}, OPTIONS: {}, PASSKEYS: {"credential": credential}}
