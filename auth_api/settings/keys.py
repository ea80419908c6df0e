"""Settings of the keys: those that sign access tokens, and those that refresh tokens are derived from."""

from collections.abc import Callable, Sequence
from typing import Final

from auth_api.kit.crypto.signing import MIN_SECRET_BYTES, KeyRejectedError, KeyRing, SigningKey
from auth_api.kit.setting import PASTE_GENERATED, secret_problem
from auth_api.sessions.policy import KeyVariables
from auth_api.settings.reader import Reader

_MISSING: Final = f"is missing: a secret of at least {MIN_SECRET_BYTES} bytes"
_EXAMPLE_WORDS: Final = ("your-", "your_", "change", "replace", "insert", "example", "secret-key", "placeholder")
_MIN_DISTINCT_CHARACTERS: Final = 10
"""A random secret of 32 bytes has many more."""
_GENERATE_KEY: Final = (
    "Run auth-api keys generate --algorithm EdDSA --one-line, and paste what it prints, or name a file that contains "
    "the key in JWT_PRIVATE_KEY_FILE."
)
_FIXES: Final = {
    "JWT_PRIVATE_KEY": _GENERATE_KEY,
    "JWT_NEXT_KEY": "Remove it, and run auth-api keys rotate, which sets it.",
    "JWT_PREVIOUS_KEYS": "List the keys that signed before, as auth-api keys rotate sets it, or remove it.",
}


def read_keys(read: Reader) -> tuple[KeyRing, tuple[bytes, ...]]:
    """Return the key ring, and the secrets that the successors of refresh tokens are derived from.

    Raises:
        InvalidSettingsError: the key to sign with is missing, without which the policy cannot be built.
    """
    given = read.build(KeyVariables)
    pem, next_text = given.private_key.replace("\\n", "\n"), given.next_key.replace("\\n", "\n")
    _is_good_secret(read, "TOKEN_DERIVATION_KEY", given.derivation_secret)
    is_good = _is_good_secret(read, "JWT_SECRET_KEY", given.secret)
    has_pem, has_secret = read.is_set("JWT_PRIVATE_KEY"), read.is_set("JWT_SECRET_KEY")
    if not has_pem and not has_secret:
        read.problem("JWT_SECRET_KEY", _MISSING, fix=PASTE_GENERATED)
    if has_pem and not has_secret and not read.is_set("TOKEN_DERIVATION_KEY"):
        read.problem("TOKEN_DERIVATION_KEY", _MISSING, fix=PASTE_GENERATED)
    others = [key for text in given.previous_keys if (key := _other_key(read, "JWT_PREVIOUS_KEYS", text))]
    if next_text and (next_key := _other_key(read, "JWT_NEXT_KEY", next_text)):
        others.append(next_key)
        if next_key.signing is None:
            read.problem("JWT_NEXT_KEY", "is a public key, which cannot sign", fix=_FIXES["JWT_NEXT_KEY"])
    signing_secret = _secret(read, "JWT_SECRET_KEY", given.secret) if is_good else None
    current = _private_key(read, pem) if pem else signing_secret
    if pem and current is not None and read.is_set("JWT_ALGORITHM") and current.algorithm != given.algorithm:
        problem = f"is {given.algorithm}, but JWT_PRIVATE_KEY is a key for {current.algorithm}"
        read.problem("JWT_ALGORITHM", problem, fix="Remove JWT_ALGORITHM: the key tells it.")
    elif not has_pem and given.algorithm != "HS256":
        problem = f"is missing: a PEM key for JWT_ALGORITHM={given.algorithm}"
        read.problem("JWT_PRIVATE_KEY", problem, fix=_GENERATE_KEY.replace("EdDSA", given.algorithm))
    # The next key is included: during a rotation one instance may derive from it what another has to find again.
    shared = (text for text in (next_text, *given.previous_keys) if "-----BEGIN" not in text)
    secrets = (given.derivation_secret, given.secret, *shared)
    return _ring(read, current, others), tuple(text.encode() for text in secrets if text)


def _other_key(read: Reader, variable: str, text: str) -> SigningKey | None:
    """Return a previous key or the next one."""
    if "-----BEGIN" in text:
        return _pem(read, variable, text.replace("\\n", "\n"))
    return _secret(read, variable, text) if _is_good_secret(read, variable, text) else None


def _ring(read: Reader, current: SigningKey | None, others: Sequence[SigningKey]) -> KeyRing:
    try:
        if current is not None:
            return KeyRing(current, others)
    except KeyRejectedError as error:
        read.problem("JWT_PRIVATE_KEY", str(error), fix=_GENERATE_KEY)
    read.raise_problems()
    message = "a key to sign with is missing, and no problem was recorded"
    raise AssertionError(message)


def _is_good_secret(read: Reader, variable: str, value: str) -> bool:
    """Return whether a secret can be used; record one that cannot, or in production is easy to guess."""
    if not value:
        return False
    problem = secret_problem(variable, value)
    if not problem and len(value.encode()) < MIN_SECRET_BYTES:
        problem = f"is shorter than {MIN_SECRET_BYTES} bytes"
    has_example_word = any(word in value.lower() for word in _EXAMPLE_WORDS)
    if not problem and read.is_production and (has_example_word or len(set(value)) < _MIN_DISTINCT_CHARACTERS):
        problem = "looks like an example or is easy to guess"
    if problem:
        read.problem(variable, problem, fix=_FIXES.get(variable, PASTE_GENERATED))
    return not problem


def _private_key(read: Reader, text: str) -> SigningKey | None:
    """Return the key of `JWT_PRIVATE_KEY`; a text without a PEM key must never become a secret."""
    if "-----BEGIN" in text:
        return _pem(read, "JWT_PRIVATE_KEY", text)
    read.problem("JWT_PRIVATE_KEY", "must be a key in PEM form", fix=_GENERATE_KEY)
    return None


def _pem(read: Reader, variable: str, text: str) -> SigningKey | None:
    return _key(read, variable, SigningKey.from_pem, text)


def _secret(read: Reader, variable: str, text: str) -> SigningKey | None:
    return _key(read, variable, SigningKey.from_secret, text)


def _key(read: Reader, variable: str, create: Callable[[str], SigningKey], text: str) -> SigningKey | None:
    try:
        return create(text)
    except KeyRejectedError as error:
        read.problem(variable, str(error), fix=_FIXES.get(variable, PASTE_GENERATED))
        return None
