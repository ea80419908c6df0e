"""The stores of tokens."""

import sqlite3
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from auth_api_sdk import MemoryStore, SqliteStore, TokenStore
from tests.sdk.python.fake_server import stored

pytestmark = pytest.mark.engine_independent

StoreFactory = Callable[[], TokenStore]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> TokenStore:
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "sessions.db", "visitor-1")


def test_store_keeps_tokens(store: TokenStore) -> None:
    assert store.load() is None
    tokens = stored(1)
    assert store.replace(None, tokens)
    assert store.load() == tokens


def test_store_replaces_only_the_tokens_that_were_spent(store: TokenStore) -> None:
    assert not store.replace("rt_1", stored(2))
    assert store.load() is None
    assert store.replace(None, stored(1))
    assert not store.replace(None, stored(2))
    assert not store.replace("rt_0", stored(2))
    assert store.load() != stored(2)
    assert store.replace("rt_1", stored(2))
    assert not store.replace("rt_1", stored(3))


def test_store_clears_only_the_tokens_that_were_spent(store: TokenStore) -> None:
    store.replace(None, stored(1))
    store.clear("rt_0")
    assert store.load() is not None
    store.clear("rt_1")
    store.clear("rt_1")
    assert store.load() is None


def test_one_of_many_writers_wins(store: TokenStore) -> None:
    store.replace(None, stored(0))
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: store.replace("rt_0", stored(number)), range(1, 30)))
    assert won.count(True) == 1


def test_file_separates_persons_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    first, second = SqliteStore(path, "a"), SqliteStore(str(path), "b' OR '1'='1")
    first.replace(None, stored(1))
    assert second.load() is None
    second.replace(None, stored(2))
    second.clear("rt_1")
    assert (first.load() is None, second.load() is None) == (False, False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_login_removes_sessions_that_have_ended(tmp_path: Path) -> None:
    path = tmp_path / "sessions.db"
    SqliteStore(path, "old").replace(None, stored(1, age=604801))
    SqliteStore(path, "new").replace(None, stored(2, age=604000))
    SqliteStore(path, "newest").replace(None, stored(3))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key FROM tokens ORDER BY key").fetchall() == [("new",), ("newest",)]
