"""Damaged credentials over HTTP: each is refused with a documented error, and changes nothing."""

import copy
import random
from typing import Any, Final

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.recovery_codes.tables import RecoveryCodeRow
from auth_api.kit import base64url
from auth_api.services import Services
from auth_api.sessions.tables import SessionRow
from tests.conftest import UserFactory
from tests.support.passkeys import (
    creation_options,
    login_options,
    new_authenticator,
    send_login,
    send_passkey,
    stored_passkey,
)
from tests.support.soft_authenticator import SYNCED

CASES: Final = 300

VALUES: Final[list[Any]] = [
    None,
    True,
    0,
    -1,
    1e300,
    "",
    "A",
    "=",
    "\x00",
    "\u20ac",
    "A" * 3000,
    [],
    {},
    [[[[]]]],
    {"id": {}},
]


def damaged(credential: Any, choose: random.Random) -> Any:
    """Return a copy with another value of a member, without a member, or with other bytes in a member."""
    changed = copy.deepcopy(credential)
    target = changed["response"] if choose.random() < 0.6 else changed
    name = choose.choice(sorted(target))
    kind = choose.randrange(3)
    if kind == 0:
        del target[name]
    elif kind == 1 or not isinstance(target[name], str):
        target[name] = choose.choice(VALUES)
    else:
        data = bytearray(target[name].encode() if name == "type" else base64url.decode(target[name]))
        position = choose.randrange(len(data))
        data[position : position + choose.randrange(4)] = choose.randbytes(choose.randrange(1, 5))
        target[name] = base64url.encode(bytes(data))
    return changed


@pytest.mark.parametrize("seed", range(3))
async def test_damaged_assertion_opens_no_session(user_factory: UserFactory, services: Services, seed: int) -> None:
    ada = await user_factory()
    soft = await stored_passkey(services, ada, new_authenticator(flags=SYNCED))
    choose = random.Random(seed)  # noqa: S311 - not a secret
    sessions = await SessionRow.count()

    for _ in range(CASES // 3):
        genuine = soft.get(await login_options(ada))
        credential = damaged(genuine, choose)
        used = ("id", "rawId", "type", "response")
        if [credential.get(name) for name in used] == [genuine[name] for name in used]:
            continue
        response = await send_login(ada, credential)
        allowed = {(400, "PASSKEY_INVALID"), (400, "PASSKEY_UNKNOWN"), (400, "MALFORMED_REQUEST")}
        assert response.outcome in allowed, credential

    assert await SessionRow.count() == sessions


@pytest.mark.parametrize("seed", range(3))
async def test_damaged_registration_is_refused_or_kept_as_it_was_sent(user_factory: UserFactory, seed: int) -> None:
    """A registration is not signed, so a change of unused bytes, such as those of the model, cannot be seen."""
    choose = random.Random(seed)  # noqa: S311 - not a secret
    ada = await user_factory(is_verified=True)
    options = await creation_options(ada)

    for _ in range(CASES // 3):
        response = await send_passkey(ada, damaged(new_authenticator().create(options), choose))
        assert response.status in {201, 400, 403, 409}, response.json
        if response.status == 201:
            await PasskeyRow.delete(force=True)
            await RecoveryCodeRow.delete(force=True)
            await ada.log_in()
            options = await creation_options(ada)
