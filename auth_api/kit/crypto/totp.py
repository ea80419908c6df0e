"""Time-based one-time passwords (RFC 6238), with the parameters that all authenticator apps support."""

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote

SEED_BYTES: Final = 20
"""The length of an output of HMAC-SHA-1, as RFC 4226 §4 recommends."""

DIGITS: Final = 6

STEP_SECONDS: Final = 30
"""RFC 6238 §5.2. Many apps ignore any other value, and any algorithm except SHA-1."""

MAX_DRIFT_STEPS: Final = 1
"""Steps before and after the present one that are accepted, for clocks that differ (RFC 6238 §6)."""


def new_seed() -> bytes:
    """Generate the secret that an app and the server share."""
    return secrets.token_bytes(SEED_BYTES)


def seed_text(seed: bytes) -> str:
    """Return a seed in the form that people type into an app: Base32 without padding."""
    return base64.b32encode(seed).decode().rstrip("=")


def totp_code(seed: bytes, step: int) -> str:
    """Return the code of a time step (RFC 4226 §5.3).

    Args:
        seed: the shared secret.
        step: number of the step since 1970.

    Returns:
        Six decimal digits.
    """
    mac = hmac.digest(seed, step.to_bytes(8), "sha1")
    offset = mac[-1] & 0xF
    number = int.from_bytes(mac[offset : offset + 4]) & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_step(seed: bytes, code: str, now: datetime) -> int | None:
    """Return the step whose code this is; the latest one, if the code belongs to several accepted steps.

    A code may be used once (RFC 6238 §5.2), so the caller must accept only a step that is later than the last one used.

    Args:
        seed: the shared secret.
        code: six ASCII digits.
        now: the server's time.

    Returns:
        None if the code belongs to no accepted step.
    """
    present = int(now.timestamp()) // STEP_SECONDS
    accepted = range(present - MAX_DRIFT_STEPS, present + MAX_DRIFT_STEPS + 1)
    matching = [step for step in accepted if hmac.compare_digest(totp_code(seed, step).encode(), code.encode())]
    return max(matching, default=None)


def key_uri(seed: bytes, *, issuer: str, account: str) -> str:
    """Return the URI that apps read from a QR code.

    Args:
        seed: the shared secret.
        issuer: the name of the service. Its colons are removed, because apps split the label at the first one.
        account: the name of the account at the service.
    """
    name = quote(issuer.replace(":", ""), safe="")
    return f"otpauth://totp/{name}:{quote(account, safe='@')}?secret={seed_text(seed)}&issuer={name}"
