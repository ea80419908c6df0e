"""Fixtures for databases without the application."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auth_api.kit.db.policy import DatabasePolicy
from tests.support.scratch import Scratch, ScratchFactory, scratch_database


@pytest.fixture
def policy(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> DatabasePolicy:
    """A pool of three connections with long time limits; SQLite has one file per test."""
    long = DatabasePolicy(max_pool_size=3, pool_timeout=60, connect_timeout=60, statement_timeout=60)
    if engine == "sqlite":
        return msgspec.structs.replace(long, sqlite_path=str(tmp_path / "scratch.db"))
    return msgspec.structs.replace(long, postgres_dsn=request.getfixturevalue("database_url"))


@pytest.fixture
def scratch_with(policy: DatabasePolicy) -> ScratchFactory:
    """Return a function that opens a database with a changed policy."""

    def make(**changes: Any) -> AbstractAsyncContextManager[Scratch]:
        return scratch_database(msgspec.structs.replace(policy, **changes))

    return make


@pytest.fixture
async def scratch(policy: DatabasePolicy) -> AsyncIterator[Scratch]:
    """An open database with one empty table."""
    async with scratch_database(policy) as opened:
        yield opened
