"""An authenticator app in software, and the requests with which a user adds it to an account."""

import base64
from dataclasses import dataclass, field

from auth_api.kit.clock import utc_now
from auth_api.kit.crypto.totp import STEP_SECONDS, totp_code
from tests.support.actors import Actor, ApiResponse


def present_step() -> int:
    """Return the number of the present time step."""
    return int(utc_now().timestamp()) // STEP_SECONDS


@dataclass
class AuthenticatorApp:
    """An app with a secret. The first code is that of the present time step, the second one that of the next.

    Both are accepted, as the clock of an app may be ahead by one step.
    """

    secret: str
    next_step: int = field(default_factory=present_step)

    def code_of(self, step: int) -> str:
        """Return the code of a time step."""
        return totp_code(base64.b32decode(self.secret), step)

    def code(self) -> str:
        """Return a code that was not used before."""
        self.next_step += 1
        return self.code_of(self.next_step - 1)


async def begin_totp(actor: Actor, *, token: str | None = None) -> ApiResponse:
    return await actor.call("POST", "/api/user/totp", token=token, json={})


async def confirm_totp(actor: Actor, code: str, *, token: str | None = None) -> ApiResponse:
    return await actor.call("POST", "/api/user/totp/confirm", token=token, json={"code": code})


async def add_app(actor: Actor) -> tuple[AuthenticatorApp, ApiResponse]:
    """Add an app, and store the new access token. Return the app and the response to its confirmation."""
    begun = await begin_totp(actor)
    assert begun.status == 201, begun.json
    app = AuthenticatorApp(begun["secret"])
    confirmed = await confirm_totp(actor, app.code())
    assert confirmed.status == 200, confirmed.json
    actor.access_token = confirmed["access_token"]
    return app, confirmed
