"""Several processes that share the store of a session."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import pytest

from auth_api_sdk import AuthClient, MemoryStore, SqliteStore, Tokens
from tests.sdk.python.fake_server import settled
from tests.sdk.python.real_server import Clients

pytestmark = pytest.mark.slow

PROCESSES: Final = 4
ROUNDS: Final = 12

WORKER: Final = """
import sys
from auth_api_sdk import AuthClient, SqliteStore
url, path = sys.argv[1:]
with AuthClient(url) as client:
    session = client.session(SqliteStore(path, "visitor"))
    print("ready", flush=True)
    for _ in sys.stdin:
        try:
            print(session.access_token(), flush=True)
        except Exception as error:
            print("failed:", repr(error), flush=True)
"""


def expire(store: SqliteStore) -> str:
    """Make the access token old, and return it."""
    tokens = store.load()
    assert isinstance(tokens, Tokens)
    aged = Tokens.from_json(json.dumps({**json.loads(tokens.to_json()), "received_at": tokens.received_at - 1800}))
    assert store.replace(tokens.refresh_token, aged)
    return tokens.access_token


def started(command: list[str]) -> subprocess.Popen[str]:
    """Start a process that reads and writes lines."""
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)


@pytest.mark.parametrize("clients", ["sync"], indirect=True)
async def test_processes_with_one_store_never_lose_the_session(clients: Clients, tmp_path: Path) -> None:
    _, _, memory = await clients.log_in()
    tokens = memory.load()
    assert isinstance(tokens, Tokens)
    path = tmp_path / "sessions.db"
    store = SqliteStore(path, "visitor")
    assert store.replace(None, tokens)
    command = [sys.executable, "-c", WORKER, clients.server.url, str(path)]
    with ExitStack() as stack:
        workers = [stack.enter_context(started(command)) for _ in range(PROCESSES)]

        def answers(line: str) -> list[str]:
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write(line)
            return [str(worker.stdout and worker.stdout.readline()).strip() for worker in workers]

        assert answers("") == ["ready"] * PROCESSES
        seen = set()
        for _ in range(ROUNDS):
            before = expire(store)
            tokens_of_round = set(answers("go\n"))
            assert not [each for each in tokens_of_round if each.startswith("failed")], tokens_of_round
            assert before not in tokens_of_round
            stored = store.load()
            assert isinstance(stored, Tokens)
            with AuthClient(clients.server.url) as client:
                for token in tokens_of_round:
                    client.profile(token)
            seen.add(stored.refresh_token)
        assert len(seen) == ROUNDS


async def test_two_clients_with_the_same_token_get_the_same_successor(clients: Clients) -> None:
    _, _, store = await clients.log_in()
    tokens = store.load()
    assert isinstance(tokens, Tokens)
    copies = [MemoryStore(tokens) for _ in range(2)]
    for copy in copies:
        await settled(clients.client.session(copy).access_token(min_seconds=9999))
    first, second = (copy.load() for copy in copies)
    assert isinstance(first, Tokens)
    assert isinstance(second, Tokens)
    assert first.refresh_token == second.refresh_token != tokens.refresh_token
