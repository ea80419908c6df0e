"""Second factors of users, added by the services, and the codes of their apps."""

from auth_api.credentials.totp import repository
from auth_api.credentials.totp.service import SEALED_AS
from auth_api.kit.crypto.totp import STEP_SECONDS, new_seed, totp_code
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.support.actors import Actor, ApiResponse
from tests.support.clock import MovableClock

UNUSED_STEP = 0
"""A time step that is over, so that the present code of a new app works."""


async def add_totp(services: Services, username: str) -> bytes:
    """Add a confirmed authenticator app, and return its seed."""
    assert services.core.sealing is not None
    user = await services.core.users.find(username)
    seed = new_seed()
    await repository.store(user.id, services.core.sealing.seal(seed, table=SEALED_AS, row=user.id), step=UNUSED_STEP)
    return seed


async def add_recovery_codes(services: Services, username: str) -> tuple[str, ...]:
    """Add ten recovery codes in place of earlier ones, and return them."""
    user = await services.core.users.find(username)
    return (await services.core.second_factors.recovery_codes.replace(user.id)).codes


async def switch_two_step_on(username: str) -> None:
    """Require a second factor of a user at logins."""
    await UserRow.update({UserRow.two_step_since: UserRow.created_at}).where(UserRow.username == username)


def current_code(services: Services, seed: bytes, *, steps: int = 0) -> str:
    """Return the code that an app shows now, or a number of steps later, by the clock of the application."""
    return totp_code(seed, int(services.core.clock().timestamp()) // STEP_SECONDS + steps)


def wrong_code(services: Services, seed: bytes) -> str:
    """Return six digits that are not a code of an accepted step."""
    accepted = {current_code(services, seed, steps=steps) for steps in range(-2, 3)}
    return next(code for code in (f"{number:06}" for number in range(10)) if code not in accepted)


async def first_step(actor: Actor) -> str:
    """Log in with the password, and return the token for the second step."""
    response = await Actor(actor.client, username=actor.username, password=actor.password).log_in()
    assert response.outcome == (403, "MFA_REQUIRED")
    return str(response["mfa_token"])


async def second_step(actor: Actor, mfa_token: str, code: str, *, method: str = "totp") -> ApiResponse:
    """Send a second factor of a login."""
    body = {"mfa_token": mfa_token, "method": method, "code": code}
    return await actor.call("POST", "/api/auth/mfa", token="", json=body)


async def step_up(actor: Actor, *, token: str | None = None, **fields: str) -> ApiResponse:
    """Prove the identity again."""
    return await actor.call("POST", "/api/auth/step-up", token=token, json=fields)


async def set_failures(count: int) -> None:
    """Set the number of wrong second factors in a row of all users."""
    await UserRow.update({UserRow.second_factor_failures: count}, force=True)


async def failures() -> int | None:
    """Return the number of wrong second factors in a row of the only user."""
    (row,) = await UserRow.select(UserRow.second_factor_failures)
    count: int | None = row["second_factor_failures"]
    return count


def move_to_a_new_step(clock: MovableClock) -> None:
    """Move the clock to the beginning of the next time step, so that none ends between a code and its check."""
    clock.move(seconds=STEP_SECONDS - clock().timestamp() % STEP_SECONDS)
