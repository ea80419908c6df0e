"""Metrics of passkeys."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from auth_api.credentials.errors import DuplicatePasskeyException, PasskeyInvalidException, PasskeyUnknownException
from auth_api.kit.crypto.challenges import ChallengePurpose
from auth_api.kit.prometheus import counter

_CEREMONIES: Final = counter(
    "passkey_ceremonies",
    "Registrations and uses of passkeys, by purpose and outcome. replayed: the challenge was used before.",
    ["purpose", "outcome"],
)

_PURPOSES: Final = {
    ChallengePurpose.LOGIN: "login",
    ChallengePurpose.SECOND_FACTOR: "second",
    ChallengePurpose.STEP_UP: "step_up",
    ChallengePurpose.REGISTRATION: "register",
}

CEREMONIES: Final = {
    (purpose, outcome): _CEREMONIES.labels(name, outcome)
    for purpose, name in _PURPOSES.items()
    for outcome in ("succeeded", "invalid", "unknown", "replayed", "duplicate")
}
"""Counters by purpose and outcome."""


@contextmanager
def counted_ceremony(purpose: ChallengePurpose) -> Iterator[None]:
    """Count the outcome of a registration or use; none if it is refused for a reason that is not the passkey's."""
    try:
        yield
    except PasskeyInvalidException as error:
        CEREMONIES[purpose, "replayed" if error.is_replay else "invalid"].inc()
        raise
    except PasskeyUnknownException:
        CEREMONIES[purpose, "unknown"].inc()
        raise
    except DuplicatePasskeyException:
        CEREMONIES[purpose, "duplicate"].inc()
        raise
    CEREMONIES[purpose, "succeeded"].inc()
