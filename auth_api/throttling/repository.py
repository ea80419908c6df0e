"""Counting, each time in one statement: who reads first and writes then is overtaken by parallel requests."""

from datetime import UTC, datetime

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import EPOCH_NOW
from auth_api.throttling.failures import Failures
from auth_api.throttling.policy import AccountLimit, ThrottlingPolicy
from auth_api.throttling.tables import ThrottleCounterRow


class Count(msgspec.Struct, frozen=True):
    """How many there have been in a window that ends in so many seconds."""

    attempts: int
    resets_in: float


@circuit_breaker(service=SERVICE)
async def count(key: str, window_seconds: float) -> Count:
    """Count one request; the first one after a window's end begins the next."""
    rows = await ThrottleCounterRow.raw(
        "INSERT INTO throttle_counters (key, attempts, window_ends_at, blocked_until, expires_at) "
        f"VALUES ({{}}, 1, {EPOCH_NOW} + {{}}, 0, {EPOCH_NOW} + {{}}) "
        "ON CONFLICT (key) DO UPDATE SET "
        f"attempts = CASE WHEN throttle_counters.window_ends_at <= {EPOCH_NOW} "
        "THEN 1 ELSE throttle_counters.attempts + 1 END, "
        f"window_ends_at = CASE WHEN throttle_counters.window_ends_at <= {EPOCH_NOW} "
        "THEN excluded.window_ends_at ELSE throttle_counters.window_ends_at END, "
        "expires_at = excluded.expires_at "
        f"RETURNING attempts, window_ends_at - {EPOCH_NOW} AS resets_in",
        key,
        float(window_seconds),
        float(window_seconds),
    )
    return Count(rows[0]["attempts"], max(0.0, float(rows[0]["resets_in"])))


class Attempt(msgspec.Struct, frozen=True):
    """Which one it is from its network, and which one at its account. None where that is blocked: it did not count."""

    of_pair: int | None
    of_account: int | None


@circuit_breaker(service=SERVICE)
async def attempt(pair_key: str, account_key: str, policy: ThrottlingPolicy) -> Attempt:
    """Count one attempt before it is judged: from its network, and unless that is blocked at its account.

    The attempt that uses up the free ones, and each later one, blocks those that follow; `settle` lifts it on success.
    What blocks the network while this statement runs refuses it there and comes too late for the account's count.

    The rows are locked in the order of their keys, here and in `settle`: two statements never wait for each other.
    """
    network, user = policy.per_network, policy.per_account
    rows = await ThrottleCounterRow.raw(
        "INSERT INTO throttle_counters (key, attempts, window_ends_at, blocked_until, expires_at) "
        f"SELECT key, 1, {EPOCH_NOW} + seconds, 0, "
        f"{EPOCH_NOW} + 86400 FROM ("
        "SELECT CAST({} AS varchar) AS key, CAST({} AS double precision) AS seconds WHERE NOT EXISTS (SELECT 1 "
        f"FROM throttle_counters WHERE key = {{}} AND blocked_until > {EPOCH_NOW}) "
        "UNION ALL SELECT CAST({} AS varchar), CAST({} AS double precision)) AS tried WHERE true ORDER BY key "
        "ON CONFLICT (key) DO UPDATE SET "
        f"attempts = CASE WHEN throttle_counters.window_ends_at <= {EPOCH_NOW} "
        "THEN 1 ELSE throttle_counters.attempts + 1 END, "
        f"window_ends_at = CASE WHEN throttle_counters.window_ends_at <= {EPOCH_NOW} "
        "OR CASE WHEN throttle_counters.key = {} THEN CAST({} AS boolean) ELSE CAST({} AS boolean) END "
        "THEN excluded.window_ends_at ELSE throttle_counters.window_ends_at END, "
        "blocked_until = CASE "
        f"WHEN throttle_counters.window_ends_at <= {EPOCH_NOW} OR throttle_counters.attempts "
        "+ 1 < CASE WHEN throttle_counters.key = {} THEN CAST({} AS integer) ELSE CAST({} AS integer) END THEN 0 "
        "WHEN throttle_counters.attempts + 1 - CAST({} AS integer) "
        ">= CASE WHEN throttle_counters.key = {} THEN CAST({} AS integer) ELSE CAST({} AS integer) END "
        f"THEN {EPOCH_NOW} + CAST({{}} AS double precision) "
        f"ELSE {EPOCH_NOW} + CAST({{}} AS double precision) * (1 << (throttle_counters.attempts "
        "+ 1 - CASE WHEN throttle_counters.key = {} THEN CAST({} AS integer) ELSE CAST({} AS integer) END)) END, "
        "expires_at = excluded.expires_at "
        f"WHERE throttle_counters.blocked_until <= {EPOCH_NOW} "
        "RETURNING key, attempts",
        account_key,
        float(user.window_seconds),
        pair_key,
        pair_key,
        float(network.window_seconds),
        pair_key,
        network.renews,
        user.renews,
        pair_key,
        network.free,
        user.free,
        AccountLimit.doublings,
        pair_key,
        network.free,
        user.free,
        float(AccountLimit.longest_wait_seconds),
        float(AccountLimit.first_wait_seconds),
        pair_key,
        network.free,
        user.free,
    )
    attempts = {row["key"]: int(row["attempts"]) for row in rows}
    return Attempt(attempts.get(pair_key), attempts.get(account_key))


@circuit_breaker(service=SERVICE)
async def clear(*, pair_key: str, account_key: str) -> None:
    """Let an attempt that was none be forgotten: all from its network, and this one at its account."""
    await ThrottleCounterRow.raw(
        "INSERT INTO throttle_counters (key, attempts, window_ends_at, blocked_until, expires_at) "
        "SELECT key, 0, window_ends_at, 0, expires_at FROM throttle_counters WHERE key IN ({}, {}) ORDER BY key "
        "ON CONFLICT (key) DO UPDATE SET blocked_until = 0, "
        "attempts = CASE WHEN throttle_counters.key = {} THEN 0 ELSE throttle_counters.attempts - 1 END "
        "WHERE throttle_counters.attempts > 0",
        account_key,
        pair_key,
        pair_key,
    )


@circuit_breaker(service=SERVICE)
async def blocked_for(key: str) -> float:
    """Return for how many more seconds the key is blocked."""
    rows = await ThrottleCounterRow.raw(
        f"SELECT blocked_until - {EPOCH_NOW} AS seconds FROM throttle_counters WHERE key = {{}}",
        key,
    )
    return max(0.0, float(rows[0]["seconds"])) if rows else 0.0


@circuit_breaker(service=SERVICE)
async def forget(key: str) -> None:
    """Count from nothing again."""
    await ThrottleCounterRow.raw("DELETE FROM throttle_counters WHERE key = {}", key)


@circuit_breaker(service=SERVICE)
async def forget_account(account_key: str) -> None:
    """Forget an account's failures from everywhere and from each network."""
    await ThrottleCounterRow.raw(
        "DELETE FROM throttle_counters WHERE key = {} OR (key > {} AND key < {})",
        account_key,
        *_networks_of(account_key),
    )


@circuit_breaker(service=SERVICE)
async def failures(account_key: str, *, limit: int) -> list[Failures]:
    """Return what is counted at an account, from everywhere and from each network; the longest waits first."""
    rows = await ThrottleCounterRow.raw(
        f"SELECT key, attempts, blocked_until, blocked_until > {EPOCH_NOW} AS is_blocked "
        "FROM throttle_counters WHERE (key = {} OR (key > {} AND key < {})) AND attempts > 0 "
        f"AND window_ends_at > {EPOCH_NOW} ORDER BY blocked_until DESC, key LIMIT {{}}",
        account_key,
        *_networks_of(account_key),
        limit,
    )
    return [
        Failures(
            network=row["key"].removeprefix(account_key).removeprefix(":") or None,
            count=row["attempts"],
            blocked_until=datetime.fromtimestamp(row["blocked_until"], UTC) if row["is_blocked"] else None,
        )
        for row in rows
    ]


@circuit_breaker(service=SERVICE)
async def uncount(key: str) -> None:
    """Take one attempt back, and the wait that it caused: it was let in, so there was none before it."""
    await ThrottleCounterRow.raw(
        "UPDATE throttle_counters SET attempts = attempts - 1, blocked_until = 0 WHERE key = {} AND attempts > 0", key
    )


def _networks_of(account_key: str) -> tuple[str, str]:
    """Return what the keys of the account's networks lie between: `;` follows `:`, and keys are sorted by bytes."""
    return f"{account_key}:", f"{account_key};"
