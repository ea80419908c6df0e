"""The claims about the user, which are for other services: `roles` and `metadata`."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from auth_api.roles.tables import UserRoleRow
from auth_api.services import Services
from auth_api.sessions.claims import Claims
from auth_api.sessions.tables import SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.forgeries import claims_of
from tests.support.log_lines import lines_with
from tests.support.roles import add_role, give_role


async def log_in(actor: Actor) -> dict[str, Any]:
    return claims_of((await actor.log_in())["access_token"])


async def set_metadata(metadata: dict[str, Any]) -> None:
    await UserRow.raw("UPDATE users SET metadata = {}", json.dumps(metadata))


async def test_every_token_states_the_present_roles(user_factory: UserFactory) -> None:
    ada = await user_factory()
    assert claims_of(ada.access_token)["roles"] == []
    await add_role("shop", ["orders:read"])
    for role in ("support", "auditor", "shop"):
        await give_role("ada", role)
    roles = ["auditor", "shop", "support"]

    refresh_token = ada.refresh_token
    assert claims_of((await ada.try_refresh())["access_token"])["roles"] == roles
    repeated = await ada.try_refresh(refresh_token)
    assert claims_of(repeated["access_token"])["roles"] == roles
    assert (await log_in(ada))["roles"] == roles
    proved = await ada.call("POST", "/api/auth/step-up", json={"method": "password", "password": PASSWORD})
    assert claims_of(proved["access_token"])["roles"] == roles

    await UserRoleRow.delete(force=True)
    assert claims_of((await ada.refresh())["access_token"])["roles"] == []


async def test_role_in_a_token_gives_nothing_here(user_factory: UserFactory, services: Services) -> None:
    """Neither the role that the user had when the token was issued, nor one that the user never had."""
    ada = await user_factory()
    user_id = await give_role("ada", "support")
    claims = await log_in(ada)
    assert claims["roles"] == ["support"]
    await UserRoleRow.delete(force=True)
    session_id, now = claims["sid"], datetime.now(tz=UTC)
    never = Claims(
        user_id=user_id,
        session_id=session_id,
        amr=("pwd",),
        auth_time=now,
        mfa_at=None,
        roles=("administrator",),
        metadata={"roles": ["administrator"]},
        now=now,
    )
    forged = services.core.sessions.access_tokens.issue(never, session_ends_in=timedelta(hours=1)).raw
    assert claims_of(forged)["roles"] == ["administrator"]

    for token in (ada.access_token, forged):
        own = await ada.call("GET", "/api/user/permissions", token=token)
        assert (own.status, own["roles"], own["permissions"]) == (200, [], [])
        refused = await ada.call("GET", "/api/admin/users", token=token)
        assert (refused.outcome, refused["required_permission"]) == ((403, "PERMISSION_DENIED"), "users:read")
    assert await SessionRow.count() == 2


async def test_tokens_state_the_configured_keys_of_the_metadata(app_with: OtherAppFactory, log_file: Path) -> None:
    async with app_with(TOKEN_METADATA_CLAIMS="plan, number, never-set, plan") as other:
        ada = Actor(other.client)
        await ada.register()
        assert "metadata" not in claims_of(ada.access_token)
        await set_metadata({"plan": {"name": "prö"}, "secret": 1, "number": 1e2})
        stated = {"plan": {"name": "prö"}, "number": 100}
        assert (await log_in(ada))["metadata"] == stated
        assert claims_of((await ada.refresh())["access_token"])["metadata"] == stated

        fitting = "a" * (1024 - len('{"plan":""}'))
        await set_metadata({"plan": fitting})
        assert (await log_in(ada))["metadata"] == {"plan": fitting}
        await set_metadata({"plan": fitting + "a"})
        claims = await log_in(ada)
        assert "metadata" not in claims
        (line,) = await lines_with(log_file, "token:metadata_omitted")
        assert line["user_id"] == int(claims["sub"])
        await set_metadata({"secret": 1})
        assert "metadata" not in await log_in(ada)


async def test_tokens_state_no_metadata_by_default(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await set_metadata({"plan": "pro"})

    assert "metadata" not in await log_in(ada)
