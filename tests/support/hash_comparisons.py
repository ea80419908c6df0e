"""Records comparisons of passwords with hashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import argon2


@contextmanager
def recorded_hash_comparisons() -> Iterator[list[str]]:
    """Yield a list of the hashes that passwords are compared with, which grows with each comparison."""
    compared: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counting(self: argon2.PasswordHasher, hash: Any, password: Any) -> Any:  # noqa: A002 - argon2's signature
        compared.append(str(hash))
        return verify(self, hash, password)

    with patch.object(argon2.PasswordHasher, "verify", counting):
        yield compared
