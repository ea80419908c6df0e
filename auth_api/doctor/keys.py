"""Whether the keys are strong, how old they are, and how far a rotation is."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from auth_api.doctor.findings import Finding, note, ok, warn
from auth_api.kit.crypto.signing import KeyRing, SigningKey
from auth_api.settings.environment import lacks_secret, secret_file

LONGEST_USE: Final = timedelta(days=365)
"""NIST SP 800-57 part 1 §5.3.6: a private signature key is used for one to three years at most."""

RSA_BITS: Final = 3072
"""NIST SP 800-57 part 1 §5.6.1: 128 bits of security, as the other algorithms have."""


def check_keys(ring: KeyRing, environ: Mapping[str, str], folder: Path, *, now: datetime) -> list[Finding]:
    """Look at the key that signs and at those beside it."""
    if lacks_secret(environ):
        kept = secret_file(environ, folder)
        where = f"kept in {kept}" if kept.exists() else "made at the first start"
        return [note("keys.strength", f"no key is set: this is development, with a secret of its own, {where}")]
    return [
        evaluate_strength(ring.current),
        *evaluate_age(_written_at(ring.current, environ, folder), now),
        *evaluate_others(ring),
    ]


def evaluate_strength(key: SigningKey) -> Finding:
    """Say how strong the key is; what is too short to be used at all never comes so far."""
    says = f"{key.algorithm}, {key.bits} bits, kid {key.kid}"
    if key.algorithm == "RS256" and key.bits < RSA_BITS:
        fix = f"Rotate to a stronger key: auth-api keys rotate --algorithm EdDSA (or an RSA key of {RSA_BITS} bits)."
        return warn("keys.strength", f"{says}: less than all else here has", fix)
    return ok("keys.strength", says)


def evaluate_age(written_at: datetime | None, now: datetime) -> Iterator[Finding]:
    """Say how old the key is, by its file: a key itself does not know."""
    if written_at is None:
        return
    age = now - written_at
    says = f"the file of the key was written {age.days} days ago"
    if age > LONGEST_USE:
        yield warn("keys.age", says, "Rotate the key: auth-api keys rotate (docs/deployment.md).")
    else:
        yield ok("keys.age", says)


def evaluate_others(ring: KeyRing) -> Iterator[Finding]:
    """Say that a rotation is under way, or was not finished."""
    if ring.others:
        names = ", ".join(f"{key.kid} ({key.algorithm})" for key in ring.others)
        fix = "When the rotation is over, take them out: auth-api keys list, auth-api keys rotate."
        yield note("keys.others", f"{len(ring.others)} more may have signed tokens: {names}", fix)


def _written_at(key: SigningKey, environ: Mapping[str, str], folder: Path) -> datetime | None:
    variable = "JWT_SECRET_KEY_FILE" if isinstance(key.verifying, bytes) else "JWT_PRIVATE_KEY_FILE"
    if not environ.get(variable):
        return None
    return datetime.fromtimestamp((folder / environ[variable]).stat().st_mtime).astimezone()
