"""Rotate the signing key in three steps, so that every instance accepts the tokens of every other.

All instances are restarted after each step, one after the other, so instances of two successive steps run together:

1. `publish`: all instances accept and publish the next key before one signs with it;
2. `sign`: the next key signs, and tokens of the previous key are accepted until they expire;
3. `retire`: the previous key is removed.
"""

import json
from collections.abc import Mapping
from enum import StrEnum

import msgspec

from auth_api.kit.crypto.generation import new_key, public_half
from auth_api.kit.crypto.signing import SigningKey
from auth_api.settings import Settings
from auth_api.settings.values import texts_of


class Stage(StrEnum):
    """Step of a rotation."""

    PUBLISH = "publish"
    SIGN = "sign"
    RETIRE = "retire"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Changes of variables for one step.

    Attributes:
        stage: the step.
        kid: id of the key that is published, that begins to sign, or that stays.
        changes: new values by variable, each in one line; an empty text removes the variable.
    """

    stage: Stage
    kid: str
    changes: dict[str, str]


class RotationRefusedError(Exception):
    """The next step is not possible; the text says why."""


def stage_of(environ: Mapping[str, str]) -> Stage:
    """Return the next step of the rotation that these variables are in, or the first step of a new one."""
    if environ.get("JWT_NEXT_KEY"):
        return Stage.SIGN
    return Stage.RETIRE if environ.get("JWT_PREVIOUS_KEYS") else Stage.PUBLISH


def next_step(environ: Mapping[str, str], *, algorithm: str | None = None) -> Step:
    """Return the changes for the next step.

    Args:
        environ: the variables that are set.
        algorithm: algorithm of the next key, only for the first step; by default that of the current key.

    Raises:
        InvalidSettingsError: the variables are invalid.
        RotationRefusedError: the algorithm cannot be changed to this one, or not in this step.
    """
    current = Settings.from_env(environ).sessions.keys.current
    stage = stage_of(environ)
    if algorithm is not None and stage is not Stage.PUBLISH:
        message = "A rotation is in progress: its key already has an algorithm."
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
        message = "A key pair cannot be replaced by a shared secret: services that verify tokens could then sign them."
        raise RotationRefusedError(message)
    text = new_key(algorithm)
    return Step(stage=Stage.PUBLISH, kid=key_of(text).kid, changes={"JWT_NEXT_KEY": in_one_line(text)})


def _sign(environ: Mapping[str, str], current: SigningKey) -> Step:
    text = unfolded(environ["JWT_NEXT_KEY"])
    next_key = key_of(text)
    is_pair = next_key.algorithm != "HS256"
    if not is_pair and current.algorithm != "HS256":
        message = "JWT_NEXT_KEY is a shared secret, but the current key is a key pair."
        raise RotationRefusedError(message)
    private = unfolded(environ.get("JWT_PRIVATE_KEY", ""))
    before = public_half(private) if private else environ["JWT_SECRET_KEY"]
    # In an order that loses no key if writing is interrupted.
    changes = {
        "JWT_PREVIOUS_KEYS": json.dumps([before, *texts_of(environ.get("JWT_PREVIOUS_KEYS", ""))]),
        "JWT_PRIVATE_KEY" if is_pair else "JWT_SECRET_KEY": in_one_line(text),
        **({"JWT_ALGORITHM": next_key.algorithm} if environ.get("JWT_ALGORITHM") else {}),
        "JWT_NEXT_KEY": "",
    }
    return Step(stage=Stage.SIGN, kid=next_key.kid, changes=changes)


def in_one_line(text: str) -> str:
    """Return a PEM key in one line, as `.env` files, shells and orchestrators accept it."""
    return text.strip().replace("\n", "\\n")


def unfolded(text: str) -> str:
    """Return a PEM key with its line breaks, the reverse of `in_one_line`."""
    return text.replace("\\n", "\n")


def key_of(text: str) -> SigningKey:
    """Return the key in a variable."""
    return SigningKey.from_pem(text) if "-----BEGIN" in text else SigningKey.from_secret(text)
