"""Rotate a key of the OAuth provider in three steps, which the list of its keys tells apart (`rotation.py`)."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from auth_api.kit.crypto.generation import new_key, public_half
from auth_api.kit.crypto.signing import SigningKey
from auth_api.oauth.keys.oauth_keys import OAUTH_ALGORITHMS
from auth_api.settings.oauth import pem_blocks
from auth_api.settings.rotation import RotationRefusedError, Stage, Step, in_one_line
from auth_api.settings.values import texts_of

OAUTH_WAITS: Final = (60 * 60, 70 * 60)
"""Seconds until verifiers know a published key, as some fetch keys once an hour, and until its tokens have expired."""


class _ListedKey(NamedTuple):
    pem: str
    key: SigningKey


def next_oauth_step(environ: Mapping[str, str], algorithm: str | None) -> Step:
    """Return the changes for the next step.

    Args:
        environ: the variables that are set, whose keys are valid.
        algorithm: the algorithm of the key to replace.

    Raises:
        RotationRefusedError: the provider has no keys of this algorithm.
    """
    if algorithm not in OAUTH_ALGORITHMS:
        message = f"Name the key to replace: --algorithm {' or '.join(OAUTH_ALGORITHMS)}."
        raise RotationRefusedError(message)
    listed = [
        _ListedKey(pem, SigningKey.from_pem(pem))
        for text in texts_of(environ.get("OAUTH_SIGNING_KEYS", ""))
        for pem in pem_blocks(text)
    ]
    ring_before = [each for each in listed if each.key.algorithm == algorithm]
    if not ring_before:
        message = f"OAUTH_SIGNING_KEYS has no {algorithm} key to replace. Generate keys: auth-api keys generate --oauth"
        raise RotationRefusedError(message)
    first, *rest = ring_before
    following = next((each for each in rest if each.key.signing is not None), None)
    if not rest:
        following = _ListedKey(pem := new_key(algorithm).strip(), SigningKey.from_pem(pem))
        stage, ring = Stage.PUBLISH, [first.pem, following.pem]
    elif following is not None:
        others = [each.pem for each in rest if each is not following]
        stage, ring = Stage.SIGN, [following.pem, public_half(first.pem).strip(), *others]
    else:
        following, stage, ring = first, Stage.RETIRE, [first.pem]
    pems = [*ring, *(each.pem for each in listed if each.key.algorithm != algorithm)]
    return Step(stage=stage, kid=following.key.kid, changes={"OAUTH_SIGNING_KEYS": in_one_line("\n".join(pems))})
