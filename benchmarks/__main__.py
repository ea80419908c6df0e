"""Measure, print, and write RESULTS.md and results.svg: `python -m benchmarks`."""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import growth, lists, measuring, targets
from benchmarks.contestants import LOGIN, PROFILE, REFRESH, REGISTER, Contestant, floor, our_environment, ours, seeded
from benchmarks.load import WrongResponseError
from benchmarks.machine import OTHER_CORES, SERVER_CORE, TWO_CORES
from benchmarks.measuring import Entry, driven, paced, raw
from benchmarks.peers.better_auth import better_auth
from benchmarks.peers.fastapi_users import fastapi_users
from benchmarks.peers.installing import CACHE, NotInstalledError
from benchmarks.peers.pocketbase import pocketbase
from benchmarks.picture import draw
from benchmarks.report import render, summary
from benchmarks.targets import Results
from tests.support.postgres import PostgresServer, create_database

HERE: Final = Path(__file__).parent


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The length of a run.

    Attributes:
        rounds: rounds in which the contestants take turns.
        seconds: length of one measurement.
        load_minutes: length of the mixed load before memory is measured.
        starts: starts of which the median is taken.
    """

    rounds: int
    seconds: float
    load_minutes: float
    starts: int


QUICK: Final = Plan(rounds=1, seconds=2, load_minutes=0.5, starts=1)
USUAL: Final = Plan(rounds=3, seconds=3, load_minutes=1.5, starts=3)
FULL: Final = Plan(rounds=5, seconds=5, load_minutes=10, starts=5)


def main() -> int:
    """Measure as the arguments say, and return the exit status."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description="Compare the server with other servers.")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="one round, under three minutes, for an impression")
    length.add_argument("--full", action="store_true", help="five long rounds and ten minutes of mixed load")
    parser.add_argument(
        "--growth", action="store_true", help="also with 1,000,000 accounts, which takes some minutes more"
    )
    parser.add_argument("--load-minutes", type=float, help="minutes of mixed load before memory is measured")
    parser.add_argument("--no-peers", action="store_true", help="only auth_api and the floors")
    parser.add_argument("--dry", action="store_true", help="print the results without writing them")
    arguments = parser.parse_args()
    if missing := [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]:
        parser.error(f"{' and '.join(missing)} not found: on Debian, apt-get install wrk util-linux")
    plan = QUICK if arguments.quick else FULL if arguments.full else USUAL
    if arguments.load_minutes is not None:
        plan = msgspec.structs.replace(plan, load_minutes=arguments.load_minutes)
    os.sched_setaffinity(0, OTHER_CORES)  # child processes inherit this, unless they are pinned
    try:
        with PostgresServer(durable=True) as server, tempfile.TemporaryDirectory() as folder:
            results = _measure(plan, server, Path(folder), peers=not arguments.no_peers)
            if arguments.growth:
                results.growth, results.cleaning = growth.measure(server, _print)
                results.lists = lists.measure(server, Path(folder), _print)
    except WrongResponseError as error:
        _print(f"Void because of a wrong response: {error}")
        return 1
    _print("\n" + summary(results))
    if not arguments.dry:
        (HERE / "RESULTS.md").write_text(render(results, rounds=plan.rounds), encoding="utf-8")
        (HERE / "results.svg").write_text(draw(results), encoding="utf-8")
        CACHE.mkdir(exist_ok=True)
        (CACHE / "results.json").write_bytes(msgspec.json.encode(results))
    return 0


def _measure(plan: Plan, server: PostgresServer, folder: Path, *, peers: bool) -> Results:
    environ = our_environment(asyncio.run(create_database(server.url(), "ours")))
    embedded = our_environment(f"sqlite:///{folder / 'auth.db'}")
    people, embedded_people = seeded(environ), seeded(embedded)
    one = ours(targets.OURS, people, environ)
    two = ours(targets.OURS_TWICE, people, {**environ, "WORKERS": "2"}, TWO_CORES)
    floors = [
        floor(targets.LITESTAR, "benchmarks.floors:bare_litestar", people),
        floor(targets.ASGI, "benchmarks.floors:bare_asgi", people),
    ]
    others = list(_peers(server)) if peers else []
    results = Results(measurements=[])
    results.cold_start, results.idle_memory = measuring.started(
        lambda: ours(targets.OURS, people, environ), plan.starts
    )
    with _running([one, ours(targets.OURS_SQLITE, embedded_people, embedded), *floors, *others]) as contestants:
        entries = [*_entries(contestants, plan), *_raw_entries(environ["DATABASE_URL"], plan)]
        results.measurements += measuring.rounds(entries, plan.rounds, _print)
    with _running([two]):
        entries = [driven(two, workload, plan.seconds + 2) for workload in (LOGIN, REGISTER)]
        hashes = raw(targets.HASHES_TWICE, LOGIN, ["hashes", "2"], TWO_CORES, plan.seconds)
        entries = [driven(two, PROFILE, plan.seconds), *entries, hashes]
        results.measurements += measuring.rounds(entries, plan.rounds, _print)
    with _running([ours(targets.OURS, people[::-1], environ)]) as [again]:
        _print(f"mixed load for {plan.load_minutes:g} minutes")
        results.load_minutes = plan.load_minutes
        try:
            loaded = measuring.memory_after_load(again, plan.load_minutes * 60)
            results.halfway_memory, results.loaded_memory = loaded
        except WrongResponseError as error:  # everything else has been measured
            _print(f"Memory is void because of a wrong response: {error}")
    return results


def _entries(contestants: list[Contestant], plan: Plan) -> Iterator[Entry]:
    for workload in (PROFILE, REFRESH, LOGIN, REGISTER):
        seconds = (
            plan.seconds + 2 if workload in {LOGIN, REGISTER} else plan.seconds
        )  # few responses per second need a longer measurement
        yield from (driven(each, workload, seconds) for each in contestants if _takes_part(each, workload, plan))
    for each in contestants:
        if _takes_part(each, PROFILE, plan) and _takes_part(each, LOGIN, plan):
            yield paced(each, plan.seconds, saturated=False)
            yield paced(each, plan.seconds + 2, saturated=True)


def _takes_part(contestant: Contestant, workload: str, plan: Plan) -> bool:
    if contestant.name in {targets.OURS_SQLITE, targets.FASTAPI_USERS_SQLITE}:
        return workload == PROFILE  # only this workload has a target; hashing is the same as with PostgreSQL
    if plan is QUICK and workload == REGISTER:
        return contestant.name == targets.OURS
    return workload in contestant.traffic


def _raw_entries(dsn: str, plan: Plan) -> list[Entry]:
    return [
        raw(targets.HASHES, LOGIN, ["hashes", "1"], SERVER_CORE, plan.seconds),
        raw(targets.LOOKUPS, PROFILE, ["lookups", dsn], SERVER_CORE, plan.seconds),
    ]


def _peers(server: PostgresServer) -> Iterator[Contestant]:
    def database(name: str) -> str:
        return asyncio.run(create_database(server.url(), name))

    def sqlalchemy_url(name: str) -> str:
        return database(name).replace("postgresql://", "postgresql+asyncpg://")

    # fastapi-users on SQLite returns 500 ("database is locked") for some registrations, so it is not measured at them.
    file = "sqlite+aiosqlite:///{folder}/auth.db"
    makers: list[Callable[[], Contestant]] = [
        lambda: fastapi_users(targets.FASTAPI_USERS, sqlalchemy_url("fastapi_users"), registers=True),
        lambda: fastapi_users(targets.FASTAPI_USERS_SQLITE, file, registers=False),
        lambda: better_auth(targets.BETTER_AUTH, database("better_auth")),
        lambda: better_auth(targets.BETTER_AUTH, database("better_auth_prolonging"), prolongs=True),
        lambda: pocketbase(targets.POCKETBASE),
    ]
    for make in makers:
        try:
            yield make()
        except NotInstalledError as error:
            _print(f"A peer is skipped: {error}")


@contextmanager
def _running(contestants: list[Contestant]) -> Iterator[list[Contestant]]:
    with ExitStack() as stack:
        for each in contestants:
            stack.enter_context(each.service)
        yield contestants


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
