"""One refresh at a time in a process, for threads and for tasks."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from auth_api_sdk import AsyncAuthClient, AuthClient, MemoryStore, SignedOut, Tokens
from tests.sdk.python.fake_server import REFRESH, URL, FakeServer, pair, problem, stored
from tests.support.waiting import TIMEOUT_SECONDS, until, wait_until

pytestmark = pytest.mark.engine_independent

CALLERS = 20


def test_threads_share_one_refresh() -> None:
    server, store, answered = FakeServer(), MemoryStore(stored(1, age=1800)), threading.Event()
    server.on(REFRESH, (200, pair(2)))
    server.during = lambda _: answered.wait(TIMEOUT_SECONDS) or None  # type: ignore[assignment]
    client = server.client()
    with ThreadPoolExecutor(CALLERS) as pool:
        # As in a site: each request has a session object of its own, for its visitor.
        sessions = [client.on_behalf_of("192.0.2.1").session(store) for _ in range(CALLERS)]
        running = [pool.submit(session.access_token) for session in sessions]
        wait_until(lambda: len(server.requests) == 1)
        answered.set()
        assert {each.result(TIMEOUT_SECONDS) for each in running} == {"access-2"}
    assert len(server.requests) == 1
    assert client._flights._running == {}  # noqa: SLF001 - nothing is kept


def test_threads_share_a_failed_refresh_and_the_next_call_tries_again() -> None:
    server, store, answered = FakeServer(), MemoryStore(stored(1, age=1800)), threading.Event()
    server.on(REFRESH, problem(403, "FORBIDDEN_NOW"), (200, pair(2)))
    server.during = lambda _: answered.wait(TIMEOUT_SECONDS) or None  # type: ignore[assignment]
    session = server.client().session(store)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(session.access_token)
        wait_until(lambda: len(server.requests) == 1)
        second = pool.submit(session.access_token)
        answered.set()
        with pytest.raises(Exception, match="FORBIDDEN_NOW"):
            first.result(TIMEOUT_SECONDS)
        assert second.exception(TIMEOUT_SECONDS) is not None or second.result() == "access-2"
    assert session.access_token() == "access-2"


def test_persons_do_not_wait_for_each_other() -> None:
    server, blocked = FakeServer(), threading.Event()
    client = server.client()

    def during(_: str) -> None:
        if b"rt_1" in server.requests[-1].content:
            blocked.wait(TIMEOUT_SECONDS)

    server.on(REFRESH, (200, pair(2)))
    server.during = during
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.session(MemoryStore(stored(1, age=1800))).access_token)
        wait_until(lambda: len(server.requests) == 1)
        assert client.session(MemoryStore(stored(8, age=1800))).access_token() == "access-2"
        assert not first.done()
        blocked.set()
        first.result(TIMEOUT_SECONDS)


class SlowServer:
    """Answers when the test says so."""

    def __init__(self, status: int, body: Any) -> None:
        self.may_answer = asyncio.Event()
        self.requests = 0
        self._response = httpx2.Response(status, json=body)

    async def handle(self, _: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        await self.may_answer.wait()
        return self._response

    def client(self) -> AsyncAuthClient:
        return AsyncAuthClient(URL, http=httpx2.AsyncClient(transport=httpx2.MockTransport(self.handle)))


async def test_tasks_share_one_refresh_also_if_the_first_is_cancelled() -> None:
    server, store = SlowServer(200, pair(2)), MemoryStore(stored(1, age=1800))
    client = server.client()
    tasks = [asyncio.create_task(client.session(store).access_token()) for _ in range(CALLERS)]
    await until(lambda: server.requests == 1)
    tasks[0].cancel()
    await asyncio.wait([tasks[0]])
    server.may_answer.set()
    assert set(await asyncio.gather(*tasks[1:])) == {"access-2"}
    assert server.requests == 1
    assert client._flights._running == {}  # noqa: SLF001 - nothing is kept


async def test_refresh_goes_on_if_all_callers_are_cancelled() -> None:
    for status, body in ((200, pair(2)), problem(401, "TOKEN_REVOKED")):
        server, store = SlowServer(status, body), MemoryStore(stored(1, age=1800))
        before = store.load()
        task = asyncio.create_task(server.client().session(store).access_token())
        await until(lambda: server.requests == 1)  # noqa: B023 - awaited in this round
        task.cancel()
        await asyncio.wait([task])
        server.may_answer.set()
        await until(lambda: store.load() != before)  # noqa: B023
        tokens = store.load()
        assert (tokens.refresh_token if tokens else None) == ("rt_2" if status == 200 else None)


async def test_asynchronous_store_is_awaited() -> None:
    kept = MemoryStore(stored(1, age=1800))

    class Store:
        async def load(self) -> Tokens | None:
            await asyncio.sleep(0)
            return kept.load()

        async def replace(self, old_refresh_token: str | None, tokens: Tokens) -> bool:
            await asyncio.sleep(0)
            return kept.replace(old_refresh_token, tokens)

        async def clear(self, old_refresh_token: str) -> None:
            await asyncio.sleep(0)
            kept.clear(old_refresh_token)

    server = FakeServer()
    server.on(REFRESH, (200, pair(2)), problem(401, "TOKEN_REVOKED"))
    session = server.async_client().session(Store())
    assert await session.access_token() == "access-2"
    with pytest.raises(SignedOut):
        await session.access_token(min_seconds=9999)
    assert kept.load() is None


def test_clients_of_both_libraries_are_accepted() -> None:
    import httpx  # noqa: PLC0415 - only here

    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=pair(2)))
    with httpx.Client(transport=transport) as http:
        assert AuthClient(URL, http=http).refresh("rt_1").refresh_token == "rt_2"
