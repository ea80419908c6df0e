"""The targets, and whether they are met."""

from collections.abc import Sequence
from typing import Final

import msgspec

from benchmarks.contestants import LOGIN, PROFILE, REFRESH, REGISTER
from benchmarks.lists import PREFIX
from benchmarks.measuring import CALM, SATURATED, Measurement

OURS: Final = "auth_api, PostgreSQL"
OURS_SQLITE: Final = "auth_api, SQLite"
OURS_TWICE: Final = "auth_api, two workers"
FASTAPI_USERS: Final = "fastapi-users, PostgreSQL"
FASTAPI_USERS_SQLITE: Final = "fastapi-users, SQLite"
BETTER_AUTH: Final = "better-auth, PostgreSQL"
POCKETBASE: Final = "PocketBase, SQLite"
LITESTAR: Final = "floor: bare Litestar"
ASGI: Final = "floor: bare ASGI"
HASHES: Final = "floor: argon2"
HASHES_TWICE: Final = "floor: argon2, two cores"
LOOKUPS: Final = "floor: asyncpg"


class Results(msgspec.Struct, kw_only=True):
    """All results; None for what was not measured.

    Attributes:
        measurements: medians of the rounds.
        cold_start: seconds from the start to the first response.
        idle_memory: memory (PSS) of a worker after its start, in megabytes.
        halfway_memory: the same in the middle of the mixed load.
        loaded_memory: the same at the end of the mixed load.
        load_minutes: length of the mixed load.
        growth: growth of the cost of each request with a million accounts, as a share.
        cleaning: factor of a profile's p99 while a million expired rows are removed.
        lists: milliseconds of each list for administrators with a million accounts, by the slower engine.
    """

    measurements: list[Measurement]
    cold_start: float | None = None
    idle_memory: float | None = None
    halfway_memory: float | None = None
    loaded_memory: float | None = None
    load_minutes: float = 0.0
    growth: dict[str, float] = {}
    cleaning: float | None = None
    lists: dict[str, float] = {}

    def find(self, name: str, workload: str) -> Measurement | None:
        """Return a contestant's medians at a workload, if it took part."""
        found = (each for each in self.measurements if (each.name, each.workload) == (name, workload))
        return next(found, None)

    def rate(self, name: str, workload: str) -> float | None:
        """Return a contestant's responses per second."""
        found = self.find(name, workload)
        return found.rate if found else None

    def p99(self, name: str, workload: str) -> float | None:
        """Return a contestant's 99th percentile of latency in milliseconds."""
        found = self.find(name, workload)
        return found.p99 if found else None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the table of targets.

    Attributes:
        subject: what is measured.
        target: the target in words.
        limit: the target as a number.
        measured: the measured number; None if it was not measured.
        by_processor: the same by processor time per response instead of responses per second, for compared servers.
        at_most: whether the limit is an upper bound instead of a lower one.
        unit: unit of both numbers.
    """

    subject: str
    target: str
    limit: float
    measured: float | None
    by_processor: float | None = None
    at_most: bool = False
    unit: str = " times"

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None if it was not measured."""
        if self.measured is None:
            return None
        return self.measured <= self.limit if self.at_most else self.measured >= self.limit


def targets(results: Results) -> list[Target]:
    """Return the whole table."""
    return [*_rates(results), *_efficiency(results), *_latency(results), *_process(results), *_growth(results)]


def _rates(of: Results) -> list[Target]:
    one, two = of.find(OURS, PROFILE), of.find(OURS_TWICE, PROFILE)
    capacity = (one.busiest / two.busiest) if one and two and two.busiest else None
    return [
        _times(of, PROFILE, (OURS, FASTAPI_USERS), 6),
        _times(of, PROFILE, (OURS, POCKETBASE), 1.2),
        _times(of, PROFILE, (OURS, LITESTAR), 0.35),
        Target(
            subject=REFRESH,
            target="≥ 2,000 per second and core",
            limit=2000,
            measured=of.rate(OURS, REFRESH),
            unit="/s",
        ),
        _times(of, REFRESH, (OURS, BETTER_AUTH), 4),
        _times(of, REFRESH, (OURS, POCKETBASE), 0.6),
        _times(of, PROFILE, (OURS_SQLITE, FASTAPI_USERS_SQLITE), 4),
        Target(
            subject="two workers on profile",
            target="≥ 1.8 times one, by responses per second of the busiest worker's processor time",
            limit=1.8,
            measured=capacity,
        ),
    ]


def _efficiency(of: Results) -> list[Target]:
    return [
        Target(
            subject=f"{workload}, {cores}",
            target="≥ 92 % of the rate of argon2",
            limit=92,
            measured=_percent(of.rate(name, workload), of.rate(floor, LOGIN)),
            unit=" %",
        )
        for cores, name, floor in (("one core", OURS, HASHES), ("two cores", OURS_TWICE, HASHES_TWICE))
        for workload in (LOGIN, REGISTER)
    ]


def _latency(of: Results) -> list[Target]:
    ours = of.p99(OURS, SATURATED)
    against = (
        (f"of its own p99 without other load: {of.p99(OURS, CALM) or 0:.1f} ms", of.p99(OURS, CALM), 5.0),
        (f"of {POCKETBASE}", of.p99(POCKETBASE, SATURATED), 1 / 10),
        (f"of {BETTER_AUTH}", of.p99(BETTER_AUTH, SATURATED), 1 / 40),
        (f"of {FASTAPI_USERS}", of.p99(FASTAPI_USERS, SATURATED), 1 / 100),
    )
    return [
        Target(
            subject=f"p99 of {SATURATED}",
            target=f"≤ {_share(limit)} {whose}",
            limit=limit,
            measured=_ratio(ours, theirs),
            at_most=True,
        )
        for whose, theirs, limit in against
    ]


def _process(of: Results) -> list[Target]:
    flat = _ratio(of.loaded_memory, of.halfway_memory)
    load = f"memory (PSS) of a worker after {of.load_minutes:g} minutes of mixed load"
    return [
        Target(subject=load, target="≤ 90 MB", limit=90, measured=of.loaded_memory, at_most=True, unit=" MB"),
        Target(subject=load, target="constant: ≤ 1.05 times halfway", limit=1.05, measured=flat, at_most=True),
        Target(
            subject="memory (PSS) of a worker, idle",
            target="≤ 60 MB",
            limit=60,
            measured=of.idle_memory,
            at_most=True,
            unit=" MB",
        ),
        Target(
            subject="cold start to the first response",
            target="≤ 1.2 s",
            limit=1.2,
            measured=of.cold_start,
            at_most=True,
            unit=" s",
        ),
    ]


def _growth(of: Results) -> list[Target]:
    return [
        *(
            Target(
                subject=f"{request}, with 1,000,000 accounts and 5,000,000 sessions",
                target="costs ≤ 20 % more, PostgreSQL included",
                limit=20,
                measured=of.growth[request] * 100 if request in of.growth else None,
                at_most=True,
                unit=" %",
            )
            for request in (PROFILE, REFRESH, LOGIN)
        ),
        Target(
            subject="p99 of a profile while 1,000,000 expired rows are removed",
            target="≤ 1.5 times",
            limit=1.5,
            measured=of.cleaning,
            at_most=True,
        ),
        Target(
            subject="search of users by prefix, with 1,000,000 accounts",
            target="< 5 ms on each engine",
            limit=5,
            measured=of.lists.get(PREFIX),
            at_most=True,
            unit=" ms",
        ),
        Target(
            subject="slowest page of 100 items of a list for administrators, with 1,000,000 accounts",
            target="< 10 ms on each engine",
            limit=10,
            measured=max(of.lists.values(), default=None),
            at_most=True,
            unit=" ms",
        ),
    ]


def _times(of: Results, workload: str, names: tuple[str, str], limit: float) -> Target:
    ours, theirs = (of.find(name, workload) for name in names)
    return Target(
        subject=f"{workload}, embedded SQLite" if names[0] == OURS_SQLITE else workload,
        target=f"≥ {limit:g} times {names[1]}",
        limit=limit,
        measured=_ratio(ours.rate, theirs.rate) if ours and theirs else None,
        by_processor=_ratio(theirs.cpu, ours.cpu) if ours and theirs else None,
    )


def _share(limit: float) -> str:
    return f"1/{round(1 / limit)}" if limit < 1 else f"{limit:g} times"


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _percent(one: float | None, other: float | None) -> float | None:
    ratio = _ratio(one, other)
    return ratio * 100 if ratio is not None else None


WORKLOADS: Final[Sequence[str]] = (PROFILE, REFRESH, LOGIN, REGISTER, CALM, SATURATED)
"""The workloads in the order of the tables."""
