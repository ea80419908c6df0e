"""Measure what a password hash costs on this machine."""

from typing import Final

import argon2

from auth_api.doctor.findings import Finding, ok, warn
from auth_api.kit.clock import monotonic
from auth_api.kit.crypto.policy import HashingPolicy
from auth_api.kit.text import counted

MEASURED_HASHES: Final = 3
MAX_HASH_SECONDS: Final = 0.5
"""Longest hash that still makes a login feel immediate."""


def check_hashing(policy: HashingPolicy) -> Finding:
    """Measure a hash with the cost of the settings."""
    return evaluate_cost(fastest_hash_seconds(policy), policy)


def fastest_hash_seconds(policy: HashingPolicy) -> float:
    """Return the duration of the fastest of several hashes: other load on the machine only makes them slower."""
    hasher = argon2.PasswordHasher(
        time_cost=policy.iterations, memory_cost=policy.memory_kib, parallelism=policy.parallelism
    )
    times = []
    for _ in range(MEASURED_HASHES):
        began = monotonic()
        hasher.hash("a password of no account")
        times.append(monotonic() - began)
    return min(times)


def evaluate_cost(seconds: float, policy: HashingPolicy) -> Finding:
    """Report the number of logins per second per core; warn if one hash takes longer than `MAX_HASH_SECONDS`."""
    cost = f"m={policy.memory_kib},t={policy.iterations},p={policy.parallelism}"
    rate = counted(round(1 / seconds), "login")
    message = f"{seconds * 1000:.1f} ms per hash ({cost}): at most {rate} per second per core."
    if seconds > MAX_HASH_SECONDS:
        fix = "Lower PASSWORD_HASH_MEMORY_KIB or PASSWORD_HASH_ITERATIONS within OWASP's table, or add cores."
        return warn("hashing.cost", message, fix)
    return ok("hashing.cost", message)
