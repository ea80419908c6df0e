"""Settings of password hashing and of encryption."""

from typing import Annotated

import msgspec

from auth_api.kit.crypto.sealing import parse_data_key
from auth_api.kit.setting import Setting


class HashingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a hash costs, how many run at once, and how many may wait for how long.

    The default cost is the second row of OWASP's table for argon2id (Password Storage Cheat Sheet; ASVS 5.0
    appendix C).
    """

    memory_kib: Annotated[
        int,
        Setting(
            "PASSWORD_HASH_MEMORY_KIB",
            "Memory of one argon2id hash, at least 8 KiB per lane (RFC 9106 §3.1) and in production at least OWASP's "
            "minimum. A stored hash that costs less is replaced at the next login.",
            minimum=8,
            maximum=4 * 1024 * 1024,
            unit="KiB",
            default_in={"testing": 8},
        ),
    ] = 19456
    iterations: Annotated[
        int,
        Setting(
            "PASSWORD_HASH_ITERATIONS",
            "Passes of argon2id over its memory.",
            minimum=1,
            maximum=1000,
            default_in={"testing": 1},
        ),
    ] = 2
    parallelism: Annotated[int, Setting("PASSWORD_HASH_PARALLELISM", "Lanes of argon2id.", minimum=1, maximum=16)] = 1
    threads: Annotated[
        int,
        Setting(
            "PASSWORD_HASH_THREADS",
            "Hashes that a worker process computes at once.",
            minimum=1,
            default_text="CPU cores / `WORKERS`",
        ),
    ] = 1
    queue_size: Annotated[
        int,
        Setting(
            "PASSWORD_HASH_QUEUE_SIZE", "Hashes that may wait per worker process; further ones get 503.", minimum=0
        ),
    ] = 100
    queue_timeout: Annotated[
        float,
        Setting(
            "PASSWORD_HASH_QUEUE_TIMEOUT",
            "Longest wait for a hash; a request that is expected to wait longer than 80 % of it gets 503 at once.",
            above=0,
            unit="seconds",
        ),
    ] = 1.0


class SealingPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The keys of stored values that are encrypted. Without a key, nothing can be encrypted."""

    data_keys: Annotated[
        tuple[bytes, ...],
        Setting(
            "DATA_ENCRYPTION_KEYS",
            "Keys of stored values that are encrypted: the first one encrypts, all of them decrypt. The "
            "secrets of authenticator apps are such values; without a key, users cannot add an app.",
            parse=parse_data_key,
            accepts="list of keys that `auth-api secrets data-key` prints",
            default_text="development also has keys derived from `TOKEN_DERIVATION_KEY`; production none",
            fix="Run auth-api secrets data-key, and paste what it prints.",
            is_secret=True,
        ),
    ] = ()

    def __repr__(self) -> str:
        """Omit the keys."""
        return "SealingPolicy()"
