"""Validates a new password and reports all broken rules at once."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from auth_api.kit.errors import FieldError
from auth_api.users.errors import WeakPasswordException
from auth_api.users.policy import PasswordPolicy

MIN_IDENTIFIER_LENGTH: Final = 4
"""In characters: shorter usernames and local parts occur in many good passwords by chance."""

MIN_CORE_LETTERS: Final = 4
"""Letters of a common password within digits and symbols: shorter ones, such as `aa`, say little about the whole."""

_EDGES: Final = re.compile(r"^[\W\d_]+|(?<![\W\d_])[\W\d_]+$")

_CHARACTER_CLASSES: Final[tuple[tuple[str, str, Callable[[str], bool]], ...]] = (
    ("lower_case", "Must contain a lower-case letter.", str.islower),
    ("upper_case", "Must contain an upper-case letter.", str.isupper),
    ("digit", "Must contain a digit.", str.isdigit),
    ("symbol", "Must contain a symbol.", lambda character: not character.isalnum()),
)


@cache
def common_passwords() -> frozenset[str]:
    """Load the list that the build copies from Django: about 20,000 passwords in lower case.

    Raises:
        FileNotFoundError: the package was copied without building it.
    """
    return frozenset(files("auth_api.users").joinpath("common_passwords.txt").read_text(encoding="utf-8").split())


class PasswordRules:
    """Check passwords against a policy and a list of common passwords.

    Most entries of the list are shorter than the minimum length, so digits and symbols at both ends of the password are
    stripped before it is looked up: `Password1234!` matches `password`. Such a match counts only if the core is at
    least half of the password.
    """

    def __init__(self, policy: PasswordPolicy, common: frozenset[str]) -> None:
        self._policy = policy
        self._common = common

    def check(self, password: str, document: Mapping[str, Any], *, field: str = "password") -> str:
        """Return the password unchanged if it breaks no rule.

        Args:
            password: the new password.
            document: the `username` and `email` that the password must not contain, if they are known.
            field: name of the request's field, for the error.

        Raises:
            WeakPasswordException: it breaks rules; `errors` lists all of them.
        """
        normalized = unicodedata.normalize("NFC", password)
        broken = [*self._length(normalized), *self._composition(normalized), *self._guessable(normalized, document)]
        if broken:
            raise WeakPasswordException([FieldError(field, code, message) for code, message in broken])
        return password

    def _length(self, password: str) -> Iterator[tuple[str, str]]:
        policy = self._policy
        if len(password) < policy.min_length:
            yield "too_short", f"Must have at least {policy.min_length} characters."
        if len(password) > policy.max_length or len(password.encode()) > policy.max_bytes:
            yield "too_long", f"Must have at most {policy.max_length} characters and {policy.max_bytes} bytes in UTF-8."

    def _composition(self, password: str) -> Iterator[tuple[str, str]]:
        if self._policy.require_complexity:
            for code, message, belongs in _CHARACTER_CLASSES:
                if not any(map(belongs, password)):
                    yield code, message

    def _guessable(self, password: str, document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        folded = unicodedata.normalize("NFKC", password).casefold()  # full-width letters are found, too
        is_short = len(password) <= self._policy.max_length  # a longer one is rejected without a look-up
        if is_short and folded in self._common:
            yield "common", "Must not be a common password."
        elif is_short and self._has_common_core(folded):
            yield "common", "Must not be a common password with digits or symbols around it."
        local_part = str(document.get("email") or "").partition("@")[0]
        for code, message, part in (
            ("contains_username", "Must not contain the username.", document.get("username")),
            ("contains_email", "Must not contain the part of the e-mail address before the @.", local_part),
        ):
            if isinstance(part, str) and len(part) >= MIN_IDENTIFIER_LENGTH and part.casefold() in folded:
                yield code, message

    def _has_common_core(self, folded: str) -> bool:
        core = _EDGES.sub("", folded)
        is_most = sum(map(str.isalpha, core)) >= MIN_CORE_LETTERS and 2 * len(core) >= len(folded)
        return is_most and core in self._common
