"""Statements on counters. Each counts and checks at once: parallel requests would pass a separate check."""

from datetime import UTC, datetime
from typing import Final

import msgspec

from auth_api.kit.breaker.breaker import circuit_breaker
from auth_api.kit.db.database import SERVICE
from auth_api.kit.db.expressions import EPOCH_NOW
from auth_api.throttling.failures import FailedAttempts
from auth_api.throttling.policy import FailedAttemptLimit, ThrottlingPolicy
from auth_api.throttling.tables import ThrottleCounterRow

_WINDOW_HAS_ENDED: Final = f"throttle_counters.window_ends_at <= {EPOCH_NOW}"

_FREE_ATTEMPTS: Final = "CASE WHEN throttle_counters.key = {} THEN CAST({} AS integer) ELSE CAST({} AS integer) END"
"""Its three parameters: the key of the network's counter, the free attempts from it, those from all networks."""


class Count(msgspec.Struct, frozen=True):
    """Requests counted in the current window, and the seconds until it ends."""

    requests: int
    resets_in: float


@circuit_breaker(service=SERVICE)
async def count(key: str, window_seconds: float) -> Count:
    """Count one request. The first request after the end of a window begins the next window."""
    rows = await ThrottleCounterRow.raw(
        "INSERT INTO throttle_counters (key, attempts, window_ends_at, blocked_until, expires_at) "
        f"VALUES ({{}}, 1, {EPOCH_NOW} + {{}}, 0, {EPOCH_NOW} + {{}}) "
        "ON CONFLICT (key) DO UPDATE SET "
        f"attempts = CASE WHEN {_WINDOW_HAS_ENDED} THEN 1 ELSE throttle_counters.attempts + 1 END, "
        f"window_ends_at = CASE WHEN {_WINDOW_HAS_ENDED} "
        "THEN excluded.window_ends_at ELSE throttle_counters.window_ends_at END, "
        "expires_at = excluded.expires_at "
        f"RETURNING attempts, window_ends_at - {EPOCH_NOW} AS resets_in",
        key,
        float(window_seconds),
        float(window_seconds),
    )
    return Count(rows[0]["attempts"], max(0.0, float(rows[0]["resets_in"])))


class AttemptCounts(msgspec.Struct, frozen=True):
    """Attempts on a user, this one included, from its network and from all networks; None if that counter blocks."""

    of_network: int | None
    of_user: int | None


@circuit_breaker(service=SERVICE)
async def count_attempt(network_key: str, user_key: str, policy: ThrottlingPolicy) -> AttemptCounts:
    """Count one attempt before its password is compared: for its network and, unless that blocks, for the user.

    The last free attempt and each later one block the following ones; `record_success` removes the block. If a
    concurrent attempt blocks the network during this statement, the attempt still counts for the user.

    This statement and `record_success` lock rows in the order of their keys, so they cannot deadlock.
    """
    network_limit, user_limit = policy.per_network, policy.per_account
    rows = await ThrottleCounterRow.raw(
        "INSERT INTO throttle_counters (key, attempts, window_ends_at, blocked_until, expires_at) "
        f"SELECT key, 1, {EPOCH_NOW} + seconds, 0, {EPOCH_NOW} + seconds FROM ("
        "SELECT CAST({} AS varchar) AS key, CAST({} AS double precision) AS seconds WHERE NOT EXISTS (SELECT 1 "
        f"FROM throttle_counters WHERE key = {{}} AND blocked_until > {EPOCH_NOW}) "
        "UNION ALL SELECT CAST({} AS varchar), CAST({} AS double precision)) AS tried WHERE true ORDER BY key "
        "ON CONFLICT (key) DO UPDATE SET "
        f"attempts = CASE WHEN {_WINDOW_HAS_ENDED} THEN 1 ELSE throttle_counters.attempts + 1 END, "
        f"window_ends_at = CASE WHEN {_WINDOW_HAS_ENDED} "
        "OR CASE WHEN throttle_counters.key = {} THEN CAST({} AS boolean) ELSE CAST({} AS boolean) END "
        "THEN excluded.window_ends_at ELSE throttle_counters.window_ends_at END, "
        "blocked_until = CASE "
        f"WHEN {_WINDOW_HAS_ENDED} OR throttle_counters.attempts + 1 < {_FREE_ATTEMPTS} THEN 0 "
        f"WHEN throttle_counters.attempts + 1 - CAST({{}} AS integer) >= {_FREE_ATTEMPTS} "
        f"THEN {EPOCH_NOW} + CAST({{}} AS double precision) "
        f"ELSE {EPOCH_NOW} + CAST({{}} AS double precision) "
        f"* (1 << (throttle_counters.attempts + 1 - {_FREE_ATTEMPTS})) END, "
        "expires_at = excluded.expires_at "
        f"WHERE throttle_counters.blocked_until <= {EPOCH_NOW} "
        "RETURNING key, attempts",
        user_key,
        float(user_limit.window_seconds),
        network_key,
        network_key,
        float(network_limit.window_seconds),
        network_key,
        network_limit.renews,
        user_limit.renews,
        network_key,
        network_limit.free,
        user_limit.free,
        FailedAttemptLimit.doublings,
        network_key,
        network_limit.free,
        user_limit.free,
        float(FailedAttemptLimit.longest_wait_seconds),
        float(FailedAttemptLimit.first_wait_seconds),
        network_key,
        network_limit.free,
        user_limit.free,
    )
    attempts = {row["key"]: int(row["attempts"]) for row in rows}
    return AttemptCounts(attempts.get(network_key), attempts.get(user_key))


@circuit_breaker(service=SERVICE)
async def record_success(*, network_key: str, user_key: str) -> None:
    """Set the attempts from the network to 0, and subtract this one from the attempts on the user."""
    await ThrottleCounterRow.raw(
        "INSERT INTO throttle_counters (key, attempts, window_ends_at, blocked_until, expires_at) "
        "SELECT key, 0, window_ends_at, 0, expires_at FROM throttle_counters WHERE key IN ({}, {}) ORDER BY key "
        "ON CONFLICT (key) DO UPDATE SET blocked_until = 0, "
        "attempts = CASE WHEN throttle_counters.key = {} THEN 0 ELSE throttle_counters.attempts - 1 END "
        "WHERE throttle_counters.attempts > 0",
        user_key,
        network_key,
        network_key,
    )


@circuit_breaker(service=SERVICE)
async def seconds_blocked(key: str) -> float:
    """Return the seconds until the counter no longer blocks."""
    rows = await ThrottleCounterRow.raw(
        f"SELECT blocked_until - {EPOCH_NOW} AS seconds FROM throttle_counters WHERE key = {{}}",
        key,
    )
    return max(0.0, float(rows[0]["seconds"])) if rows else 0.0


@circuit_breaker(service=SERVICE)
async def delete(key: str) -> None:
    """Delete a counter."""
    await ThrottleCounterRow.raw("DELETE FROM throttle_counters WHERE key = {}", key)


@circuit_breaker(service=SERVICE)
async def delete_all_of_user(user_key: str) -> None:
    """Delete all counters of a user: first the one over all networks, which is locked first everywhere."""
    await ThrottleCounterRow.raw("DELETE FROM throttle_counters WHERE key = {}", user_key)
    await ThrottleCounterRow.raw(
        "DELETE FROM throttle_counters WHERE key > {} AND key < {}",
        *_key_range(user_key),
    )


@circuit_breaker(service=SERVICE)
async def failures(user_key: str, *, limit: int) -> list[FailedAttempts]:
    """Return the failed attempts on a user, over all networks and from each network, longest wait first."""
    rows = await ThrottleCounterRow.raw(
        f"SELECT key, attempts, blocked_until, blocked_until > {EPOCH_NOW} AS is_blocked "
        "FROM throttle_counters WHERE (key = {} OR (key > {} AND key < {})) AND attempts > 0 "
        f"AND window_ends_at > {EPOCH_NOW} ORDER BY blocked_until DESC, key LIMIT {{}}",
        user_key,
        *_key_range(user_key),
        limit,
    )
    return [
        FailedAttempts(
            network=row["key"].removeprefix(user_key).removeprefix(":") or None,
            count=row["attempts"],
            blocked_until=datetime.fromtimestamp(row["blocked_until"], UTC) if row["is_blocked"] else None,
        )
        for row in rows
    ]


@circuit_breaker(service=SERVICE)
async def uncount(key: str) -> None:
    """Subtract one attempt and remove the wait that it caused.

    No other wait can exist, because the attempt was admitted.
    """
    await ThrottleCounterRow.raw(
        "UPDATE throttle_counters SET attempts = attempts - 1, blocked_until = 0 WHERE key = {} AND attempts > 0", key
    )


def _key_range(user_key: str) -> tuple[str, str]:
    """Return the bounds of the keys of the user's networks: `;` follows `:`, and keys are sorted by bytes."""
    return f"{user_key}:", f"{user_key};"
