"""Check the strength and the age of the keys, and whether a rotation is in progress."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from auth_api.doctor.findings import Finding, note, ok, warn
from auth_api.kit.crypto.signing import KeyRing, SigningKey
from auth_api.kit.text import counted
from auth_api.settings.environment import is_visible_file, lacks_secret, secret_file

MAX_KEY_AGE: Final = timedelta(days=365)
"""NIST SP 800-57 part 1 §5.3.6: a private signature key should be used for at most one to three years."""

MIN_RSA_BITS: Final = 3072
"""NIST SP 800-57 part 1 §5.6.1: 128 bits of security, as with the other algorithms."""


def check_keys(ring: KeyRing, environ: Mapping[str, str], folder: Path, *, now: datetime) -> list[Finding]:
    """Check the key that signs, and the others."""
    if lacks_secret(environ):
        kept = secret_file(environ, folder)
        place = f"kept in {kept}" if is_visible_file(kept) else "created at the first start"
        return [note("keys.strength", f"No key is set. The server uses a generated secret, {place}.")]
    return [
        evaluate_strength(ring.current),
        *evaluate_age(_written_at(ring.current, environ, folder), now),
        *evaluate_others(ring),
    ]


def evaluate_strength(key: SigningKey) -> Finding:
    """Report the strength of the key; the settings reject keys that are too short to be used at all."""
    message = f"{key.algorithm}, {key.bits} bits, key id {key.kid}"
    if key.algorithm == "RS256" and key.bits < MIN_RSA_BITS:
        fix = (
            f"Rotate to a stronger key: auth-api keys rotate --algorithm EdDSA (or an RSA key of {MIN_RSA_BITS} bits)."
        )
        return warn("keys.strength", f"{message}: weaker than the other algorithms.", fix)
    return ok("keys.strength", f"{message}.")


def evaluate_age(written_at: datetime | None, now: datetime) -> Iterator[Finding]:
    """Report the age of the key, which is that of its file; a key in a variable has no known age."""
    if written_at is None:
        return
    age = now - written_at
    message = f"The file of the key was written {counted(age.days, 'day')} ago."
    if age > MAX_KEY_AGE:
        yield warn("keys.age", message, "Rotate the key: auth-api keys rotate (docs/deployment.md).")
    else:
        yield ok("keys.age", message)


def evaluate_others(ring: KeyRing) -> Iterator[Finding]:
    """Report keys that a rotation in progress has added, or that a finished one has left."""
    if ring.others:
        names = ", ".join(f"{key.kid} ({key.algorithm})" for key in ring.others)
        fix = "Remove them after the rotation: auth-api keys list, auth-api keys rotate."
        yield note("keys.others", f"Tokens of other keys are accepted: {names}.", fix)


def _written_at(key: SigningKey, environ: Mapping[str, str], folder: Path) -> datetime | None:
    variable = "JWT_SECRET_KEY_FILE" if isinstance(key.verifying, bytes) else "JWT_PRIVATE_KEY_FILE"
    if not environ.get(variable):
        return None
    return datetime.fromtimestamp((folder / environ[variable]).stat().st_mtime).astimezone()
