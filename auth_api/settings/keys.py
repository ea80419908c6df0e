"""Settings that are keys: what signs access tokens, and what successors of refresh tokens are derived from."""

from collections.abc import Sequence
from typing import Final

from auth_api.kit.crypto.signing import MINIMUM_SECRET_BYTES, KeyRejectedError, KeyRing, SigningKey
from auth_api.settings.reader import Reader

GENERATE: Final = "auth-api secrets generate"

_EXAMPLE_WORDS: Final = ("your-secret", "change", "example", "secret-key", "placeholder")
_MIN_DISTINCT: Final = 10
"""A random secret of 32 bytes has many more different characters."""


def read_keys(read: Reader, *, is_production: bool) -> tuple[KeyRing, tuple[bytes, ...]]:
    """Return the ring, and the secrets from which successors of refresh tokens are derived.

    Raises:
        InvalidSettingsError: there is no key to sign with; nothing may be built without one.
    """
    algorithm = read.choice("JWT_ALGORITHM", ["HS256", "EdDSA", "ES256", "RS256"], "HS256")
    pem = read.text("JWT_PRIVATE_KEY", "").replace("\\n", "\n")
    secret = read.text("JWT_SECRET_KEY", "")
    derivation = read.text("TOKEN_DERIVATION_KEY", "")
    next_text = read.text("JWT_NEXT_KEY", "").replace("\\n", "\n")
    previous_texts = read.string_list("JWT_PREVIOUS_KEYS", ())
    _is_good_secret(read, "TOKEN_DERIVATION_KEY", derivation, is_production=is_production)
    is_good = _is_good_secret(read, "JWT_SECRET_KEY", secret, is_production=is_production)
    if not pem and not secret:
        read.problem("JWT_SECRET_KEY", "is missing: a secret of at least 32 bytes", f"$({GENERATE})")
    if pem and not secret and not derivation:
        read.problem("TOKEN_DERIVATION_KEY", "is missing: a secret of at least 32 bytes", f"$({GENERATE})")
    others = [
        key for text in previous_texts if (key := _other(read, "JWT_PREVIOUS_KEYS", text, is_production=is_production))
    ]
    if next_text and (coming := _other(read, "JWT_NEXT_KEY", next_text, is_production=is_production)):
        others.append(coming)
        if coming.signing is None:
            read.problem("JWT_NEXT_KEY", "is a public key and could not sign", "")
    signing_secret = _key(read, "JWT_SECRET_KEY", secret) if is_good else None
    current = _key(read, "JWT_PRIVATE_KEY", pem) if pem else signing_secret
    if pem and current is not None and read.given("JWT_ALGORITHM") and current.algorithm != algorithm:
        read.problem("JWT_ALGORITHM", f"is {algorithm}, but JWT_PRIVATE_KEY is a key for {current.algorithm}", "")
    elif not pem and algorithm != "HS256":
        read.problem("JWT_PRIVATE_KEY", f"is missing: a PEM key for JWT_ALGORITHM={algorithm}", "")
    # The next one, too: of two instances during a rotation, one may derive from it what the other has to find again.
    secrets = (derivation, secret, *(text for text in (next_text, *previous_texts) if "-----BEGIN" not in text))
    return _ring(read, current, others), tuple(text.encode() for text in secrets if text)


def _other(read: Reader, variable: str, text: str, *, is_production: bool) -> SigningKey | None:
    """Return a key that does not sign: one from before, or the next one."""
    if "-----BEGIN" in text:
        return _key(read, variable, text.replace("\\n", "\n"))
    return _key(read, variable, text) if _is_good_secret(read, variable, text, is_production=is_production) else None


def _ring(read: Reader, current: SigningKey | None, others: Sequence[SigningKey]) -> KeyRing:
    try:
        if current is not None:
            return KeyRing(current, others)
    except KeyRejectedError as error:
        read.problem("JWT_PRIVATE_KEY", str(error), "")
    read.raise_problems()
    message = "there is no key to sign with, and no problem was noted"
    raise AssertionError(message)


def _is_good_secret(read: Reader, variable: str, value: str, *, is_production: bool) -> bool:
    """Note what is too short everywhere, and what is easy to guess in production. False for an empty text, too."""
    if not value:
        return False
    if len(value.encode()) < MINIMUM_SECRET_BYTES:
        read.problem(variable, f"is shorter than {MINIMUM_SECRET_BYTES} bytes", f"$({GENERATE})")
    elif is_production and (any(word in value.lower() for word in _EXAMPLE_WORDS) or len(set(value)) < _MIN_DISTINCT):
        read.problem(variable, "looks like an example or is easy to guess", f"$({GENERATE})")
    else:
        return True
    return False


def _key(read: Reader, variable: str, text: str) -> SigningKey | None:
    try:
        return SigningKey.from_pem(text) if "-----BEGIN" in text else SigningKey.from_secret(text)
    except KeyRejectedError as error:
        read.problem(variable, str(error), f"$({GENERATE})" if "-----BEGIN" not in text else "")
        return None
