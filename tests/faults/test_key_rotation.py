"""FT24: the signing key is replaced in a rolling deployment, and no token is refused."""

from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from typing import Any

import jwt
import pytest

from auth_api.piccolo_app import bind
from auth_api.settings.rotation import Stage, next_step
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.clock import MovableClock
from tests.support.keys import private_pem
from tests.support.measurements import record

pytestmark = pytest.mark.slow

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
NAMES = ("ada", "bob")
"""Names of the instances, and of the users who registered there."""

SHARED = {"JWT_SECRET_KEY": SECRET}
SEPARATE_DERIVATION_KEY = {"TOKEN_DERIVATION_KEY": "Zt8vKq1wXr5nYb3mLc7jHg2fDs9aPo4e-hunter2"}


@dataclass
class Fleet:
    """Two instances on one database, and one user of each of them."""

    start: OtherAppFactory
    environ: dict[str, str]
    instances: dict[str, tuple[OtherApp, AsyncExitStack]] = field(default_factory=dict)
    people: list[Actor] = field(default_factory=list)
    calls: int = 0

    async def restart(self, name: str) -> None:
        """Replace an instance by one with the current variables, while the other one serves."""
        if name in self.instances:
            await self.instances.pop(name)[1].aclose()
        stack = AsyncExitStack()
        self.instances[name] = (await stack.enter_async_context(self.start(**self.environ)), stack)

    def use(self, name: str, person: Actor) -> None:
        """Send the requests of this person to an instance. In one process, tables belong to one instance at a time."""
        instance = self.instances[name][0]
        bind(instance.services.core.database.engine)
        person.client = instance.client

    async def use_all_tokens(self) -> list[int]:
        """Use every token of every instance at every instance, and return the statuses other than 200."""
        statuses = []
        for person in self.people:
            for issuer in self.instances:
                self.use(issuer, person)
                spent = person.refresh_token
                statuses.append((await person.refresh()).status)  # an access token of this instance
                for name, (instance, _) in self.instances.items():
                    self.use(name, person)
                    statuses.append((await person.profile()).status)
                    statuses.append((await person.try_refresh(spent)).status)  # as after a lost response
                    assert await self.is_published(instance, person.access_token)
        self.calls += len(statuses)
        return [status for status in statuses if status != 200]

    async def is_published(self, at: OtherApp, token: str) -> bool:
        """Return whether the public keys of this instance can verify the token."""
        header = jwt.get_unverified_header(token)
        keys = (await at.client.get("/.well-known/jwks.json")).json()["keys"]
        return header["alg"] == "HS256" or header["kid"] in {key["kid"] for key in keys}

    async def aclose(self) -> None:
        """Stop all instances."""
        for _, stack in reversed(self.instances.values()):
            await stack.aclose()


def apply(environ: dict[str, str], changes: dict[str, str]) -> dict[str, str]:
    return {**environ, **changes}  # an empty string unsets a variable


async def opened(start: OtherAppFactory, environ: dict[str, str]) -> Fleet:
    fleet = Fleet(start, environ)
    for name in NAMES:
        await fleet.restart(name)
        person = Actor(fleet.instances[name][0].client, username=name, email=f"{name}@example.com")
        fleet.use(name, person)
        assert (await person.register()).status == 201
        fleet.people.append(person)
    return fleet


@pytest.mark.parametrize(
    ("variables", "algorithm"),
    [
        (SHARED, None),
        (
            {
                **SEPARATE_DERIVATION_KEY,
                "JWT_ALGORITHM": "EdDSA",
                "JWT_PRIVATE_KEY": private_pem("EdDSA"),
                "JWT_SECRET_KEY": "",
            },
            None,
        ),
        ({**SHARED, "JWT_ALGORITHM": "HS256"}, "ES256"),
    ],
    ids=["a secret", "a key pair", "from a secret to a key pair"],
)
async def test_ft24_key_rotation_refuses_no_token(
    app_with: OtherAppFactory, clock: MovableClock, engine: str, variables: dict[str, str], algorithm: str | None
) -> None:
    async with aclosing(await opened(app_with, variables)) as fleet:
        refused = await fleet.use_all_tokens()
        before = jwt.get_unverified_header(fleet.people[0].access_token)
        for stage in Stage:
            step = next_step(fleet.environ, algorithm=algorithm if stage is Stage.PUBLISH else None)
            assert step.stage is stage
            fleet.environ = apply(fleet.environ, step.changes)
            for name in NAMES:
                await fleet.restart(name)
                refused += await fleet.use_all_tokens()
            if stage is Stage.SIGN:
                clock.move(minutes=30)  # the last access token of the previous key has expired
                refused += await fleet.use_all_tokens()
        after = jwt.get_unverified_header(fleet.people[0].access_token)

        assert refused == []
        assert after == {**before, "kid": step.kid, "alg": algorithm or before["alg"]}
        assert after["kid"] != before["kid"]
        assert fleet.environ["JWT_NEXT_KEY"] == fleet.environ["JWT_PREVIOUS_KEYS"] == ""
    record("FT24", engine=engine, workers=2, seen={"200": fleet.calls}, lost=0, outcome="no token refused")


async def test_ft24_rotation_without_the_first_step_refuses_tokens(app_with: OtherAppFactory) -> None:
    """This shows that the test above can fail."""
    async with aclosing(await opened(app_with, SHARED)) as fleet:
        for _ in range(2):
            fleet.environ = apply(fleet.environ, next_step(fleet.environ).changes)
        await fleet.restart("ada")

        assert 401 in await fleet.use_all_tokens()


async def test_ft24_token_of_a_retired_key_is_refused(app_with: OtherAppFactory) -> None:
    async with aclosing(await opened(app_with, SHARED)) as fleet:
        token = fleet.people[0].access_token
        outcomes: list[Any] = []
        for _ in Stage:
            fleet.environ = apply(fleet.environ, next_step(fleet.environ).changes)
            await fleet.restart("ada")
            fleet.use("ada", fleet.people[0])
            outcomes.append((await fleet.people[0].profile(token)).outcome)

    assert outcomes == [(200, ""), (200, ""), (401, "TOKEN_INVALID")]
