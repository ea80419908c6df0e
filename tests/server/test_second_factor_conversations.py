"""Every worker takes every step of a conversation, and a restart between two steps loses nothing."""

import asyncio
from collections.abc import AsyncIterator
from itertools import cycle

import httpx
import pytest

from auth_api.settings.rotation import Stage, next_step
from tests.conftest import DeploymentFactory, OtherAppFactory
from tests.server.conftest import OnlyWorker, Served
from tests.support.actors import Actor
from tests.support.factor_conversations import CONVERSATIONS, Conversation, advance
from tests.support.passkeys import ORIGIN, RP_ID

pytestmark = pytest.mark.slow


@pytest.fixture
async def served(deployment_factory: DeploymentFactory) -> AsyncIterator[Served]:
    """A server with two workers. A worker that is stopped in the middle of a background job would keep its locks."""
    deployment = await deployment_factory()
    with deployment.server(workers=2, BACKGROUND_JOBS="false", PASSKEY_RP_ID=RP_ID, PASSKEY_ORIGINS=ORIGIN) as server:
        yield Served(server, deployment)


async def begin(client: httpx.AsyncClient) -> tuple[list[Actor], list[Conversation]]:
    """Register the users, and return them and their conversations."""
    actors = [Actor(client, username=name, email=f"{name}@example.com") for name in CONVERSATIONS]
    for actor in actors:
        assert (await actor.register()).status == 201
    return actors, [CONVERSATIONS[actor.username](actor) for actor in actors]


async def test_steps_are_taken_by_the_workers_in_turn(
    parallel_client: httpx.AsyncClient, only_worker: OnlyWorker
) -> None:
    _, conversations = await begin(parallel_client)

    for number in cycle((0, 1)):
        if not conversations:
            break
        with only_worker(number):
            conversations = await advance(conversations)


async def test_all_processes_are_killed_between_the_steps(served: Served, parallel_client: httpx.AsyncClient) -> None:
    _, conversations = await begin(parallel_client)

    while conversations := await advance(conversations):
        served.server.kill()
        await asyncio.to_thread(served.server.start)


async def test_signing_key_is_replaced_between_the_steps(app_with: OtherAppFactory, environ: dict[str, str]) -> None:
    """Challenges are signed: those of the former key are accepted until it is retired."""
    variables = {"JWT_SECRET_KEY": environ["JWT_SECRET_KEY"]}
    async with app_with(**variables) as other:
        actors, conversations = await begin(other.client)
        conversations = await advance(conversations)
    for stage in (Stage.PUBLISH, Stage.SIGN):
        step = next_step(variables)
        assert step.stage is stage
        variables |= step.changes
        async with app_with(**variables) as other:
            for actor in actors:
                actor.client = other.client
            conversations = await advance(conversations)
    async with app_with(**variables) as other:
        for actor in actors:
            actor.client = other.client
        while conversations:
            conversations = await advance(conversations)
