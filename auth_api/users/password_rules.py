"""Judges a new password, and says everything that is wrong with it at once."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from auth_api.kit.errors import FieldError
from auth_api.users.errors import WeakPasswordException
from auth_api.users.policy import PasswordPolicy

MIN_PART_LENGTH: Final = 4
"""Shorter names and local parts stand in too many good passwords by chance."""

_EDGES: Final = re.compile(r"^[\W\d_]+|[\W\d_]+$")

_CLASSES: Final[tuple[tuple[str, str, Callable[[str], bool]], ...]] = (
    ("lower_case", "Must contain a lower-case letter.", str.islower),
    ("upper_case", "Must contain an upper-case letter.", str.isupper),
    ("digit", "Must contain a digit.", str.isdigit),
    ("symbol", "Must contain a symbol.", lambda character: not character.isalnum()),
)


@cache
def common_passwords() -> frozenset[str]:
    """Load the list that the build takes from Django: some 20,000 passwords, in lower case.

    Raises:
        FileNotFoundError: the package was not built, only copied.
    """
    return frozenset(files("auth_api.users").joinpath("common_passwords.txt").read_text(encoding="utf-8").split())


class PasswordRules:
    """Judges by a policy and a list of common passwords, which are matched without their edges of digits and symbols.

    The list's entries are shorter than the minimum length: `password` is what `Password1234!` is found by.
    """

    def __init__(self, policy: PasswordPolicy, common: frozenset[str]) -> None:
        self._policy = policy
        self._common = common

    def check(self, password: str, document: Mapping[str, Any], *, field: str = "password") -> str:
        """Return the password as it is.

        Args:
            password: the new one.
            document: may hold the account's `username` and `email`, which the password may not contain.
            field: its name in the request.

        Raises:
            WeakPasswordException: it breaks rules; all of them are listed.
        """
        canonical = unicodedata.normalize("NFC", password)
        failures = [*self._length(canonical), *self._classes(canonical), *self._guesses(canonical, document)]
        if failures:
            raise WeakPasswordException([FieldError(field, code, message) for code, message in failures])
        return password

    def _length(self, password: str) -> Iterator[tuple[str, str]]:
        policy = self._policy
        if len(password) < policy.min_length:
            yield "too_short", f"Must have at least {policy.min_length} characters."
        if len(password) > policy.max_length or len(password.encode()) > policy.max_bytes:
            yield "too_long", f"May have at most {policy.max_length} characters and {policy.max_bytes} bytes."

    def _classes(self, password: str) -> Iterator[tuple[str, str]]:
        if self._policy.require_complexity:
            for code, message, belongs in _CLASSES:
                if not any(map(belongs, password)):
                    yield code, message

    def _guesses(self, password: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        folded = password.casefold()
        is_short = len(password) <= self._policy.max_length  # what is refused for its length need not be looked up
        if is_short and (folded in self._common or _EDGES.sub("", folded) in self._common):
            yield "common", "Is one of the most common passwords."
        parts = {"username": document.get("username"), "email": str(document.get("email") or "").partition("@")[0]}
        for name, part in parts.items():
            if isinstance(part, str) and len(part) >= MIN_PART_LENGTH and part.casefold() in folded:
                yield f"contains_{name}", f"May not contain the {name.replace('email', 'e-mail address')}."
