"""Replacing the key that signs, in three steps, so that no token is refused that any instance signed.

All instances are restarted after each step, one after the other; so any two neighbouring steps serve side by side:

1. `publish`: a next key is accepted, and published, by all before anybody signs with it;
2. `sign`: it signs, and what the one before signed is accepted as long as such tokens live;
3. `retire`: the one before is gone.
"""

import json
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from auth_api.kit.crypto.generation import new_key, public_half
from auth_api.kit.crypto.signing import SigningKey
from auth_api.settings import Settings


class Stage(StrEnum):
    """How far a rotation is."""

    PUBLISH = "publish"
    SIGN = "sign"
    RETIRE = "retire"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What has to be changed for one step. An empty text takes a variable away.

    Attributes:
        stage: which step it is.
        kid: the id of the key that it is about: the next one, the new one, or the one that goes on signing.
        changes: variables and what they become, in one line each.
    """

    stage: Stage
    kid: str
    changes: dict[str, str]


class RotationRefusedError(Exception):
    """No step can be made; the text says why."""


def stage_of(environ: Mapping[str, str]) -> Stage:
    """Return the step that comes next."""
    if environ.get("JWT_NEXT_KEY"):
        return Stage.SIGN
    return Stage.RETIRE if environ.get("JWT_PREVIOUS_KEYS") else Stage.PUBLISH


def next_step(environ: Mapping[str, str], *, algorithm: str | None = None) -> Step:
    """Return the next step of the rotation that these variables are in the middle of, or the first of a new one.

    Args:
        environ: variables that settings can be made of.
        algorithm: of the next key, for a first step; that of the current one by default.

    Raises:
        InvalidSettingsError: the variables are wrong.
        RotationRefusedError: another algorithm is not possible here or now.
    """
    current = Settings.from_env(environ).sessions.keys.current
    stage = stage_of(environ)
    if algorithm is not None and stage is not Stage.PUBLISH:
        message = "A rotation is under way: its key has an algorithm already."
        raise RotationRefusedError(message)
    match stage:
        case Stage.PUBLISH:
            return _publish(current, algorithm or current.algorithm)
        case Stage.SIGN:
            return _sign(environ, current)
        case Stage.RETIRE:
            return Step(stage=stage, kid=current.kid, changes={"JWT_PREVIOUS_KEYS": ""})


def _publish(current: SigningKey, algorithm: str) -> Step:
    if algorithm == "HS256" and current.algorithm != "HS256":
        message = "From a key pair there is no way back to a shared secret: whoever verifies could sign, then."
        raise RotationRefusedError(message)
    text = new_key(algorithm)
    return Step(stage=Stage.PUBLISH, kid=key_of(text).kid, changes={"JWT_NEXT_KEY": in_one_line(text)})


def _sign(environ: Mapping[str, str], current: SigningKey) -> Step:
    text = unfolded(environ["JWT_NEXT_KEY"])
    coming = key_of(text)
    is_pair = coming.algorithm != "HS256"
    if not is_pair and current.algorithm != "HS256":
        message = "JWT_NEXT_KEY is a shared secret, and the current key is a key pair."
        raise RotationRefusedError(message)
    private = unfolded(environ.get("JWT_PRIVATE_KEY", ""))
    before = public_half(private) if private else environ["JWT_SECRET_KEY"]
    # In an order that loses no key, whoever stops writing them half-way.
    changes = {
        "JWT_PREVIOUS_KEYS": json.dumps([before, *_list_of(environ.get("JWT_PREVIOUS_KEYS", ""))]),
        "JWT_PRIVATE_KEY" if is_pair else "JWT_SECRET_KEY": in_one_line(text),
        **({"JWT_ALGORITHM": coming.algorithm} if environ.get("JWT_ALGORITHM") else {}),
        "JWT_NEXT_KEY": "",
    }
    return Step(stage=Stage.SIGN, kid=coming.kid, changes=changes)


def in_one_line(text: str) -> str:
    """Write a PEM key as `.env` files, shells and orchestrators all take it; settings read it so."""
    return text.strip().replace("\n", "\\n")


def unfolded(text: str) -> str:
    """Undo `in_one_line`."""
    return text.replace("\\n", "\n")


def key_of(text: str) -> SigningKey:
    """Return the key that a variable holds."""
    return SigningKey.from_pem(text) if "-----BEGIN" in text else SigningKey.from_secret(text)


def _list_of(text: str) -> list[str]:
    """As the settings read it: a single text without brackets is a list of one."""
    stripped = text.strip()
    found: list[str] = json.loads(stripped) if stripped.startswith("[") else [stripped] if stripped else []
    return found
