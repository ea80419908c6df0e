"""Counts the hashes that passwords are compared with."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import argon2


@contextmanager
def counted_verifications() -> Iterator[list[str]]:
    """Yield a list that every hash is added to that a password is compared with."""
    compared: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counting(self: argon2.PasswordHasher, hash: Any, password: Any) -> Any:  # noqa: A002 - argon2's signature
        compared.append(str(hash))
        return verify(self, hash, password)

    with patch.object(argon2.PasswordHasher, "verify", counting):
        yield compared
