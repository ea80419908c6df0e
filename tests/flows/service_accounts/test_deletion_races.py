"""Permissions and roles that are deleted while a key or an invitation gets them."""

from itertools import count

import pytest

from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.administrators import administrator
from tests.support.interleavings import interleaved
from tests.support.mail_flows import mark_all_verified
from tests.support.mailbox import Mailbox
from tests.support.roles import add_permission, add_role

pytestmark = pytest.mark.engine("postgres")

ACCOUNTS = "/api/admin/service-accounts"


@pytest.mark.parametrize("kind", ["service key", "personal key", "invitation"])
async def test_what_is_deleted_is_in_use_or_unknown_at_each_statement(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, kind: str
) -> None:
    boss = await administrator(user_factory)
    await mark_all_verified()
    account = (await boss.call("POST", ACCOUNTS, json={"name": "exporter"}))["id"]
    for number in count(1):
        name = f"orders:part-{number}" if kind != "invitation" else f"role-{number}"
        await (add_role(name, []) if kind == "invitation" else add_permission(name))
        path, body, deleted_path = {
            "service key": (f"{ACCOUNTS}/{account}/keys", {"name": "one", "scopes": [name]}, "permissions"),
            "personal key": ("/api/user/keys", {"name": "one", "scopes": [name]}, "permissions"),
            "invitation": (
                "/api/admin/invitations",
                {"email": f"mary{number}@example.com", "roles": [name]},
                "roles",
            ),
        }[kind]
        with interleaved(services.core.database.engine, after=number) as interleaving:
            created, deleted = await interleaving.run(
                lambda: boss.call("POST", path, json=body),  # noqa: B023 - awaited here
                lambda: boss.call("DELETE", f"/api/admin/{deleted_path}/{name}"),  # noqa: B023 - as above
            )

        assert (created.status, deleted.status, interleaving.deadlocks) in ((201, 409, []), (400, 204, []))
        if not interleaving.stopped.is_set():
            break
    await mailbox.collect()
