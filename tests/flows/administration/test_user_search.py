"""Administrators find users by one property, and read what they need to know about them."""

from typing import Any, Final

import pytest

from auth_api.credentials.passkeys.tables import PasskeyRow
from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_IP, OtherAppFactory, UserFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.factors import add_totp
from tests.support.log_lines import logged
from tests.support.roles import give_role
from tests.support.rows import user_rows
from tests.support.statements import recorded
from tests.support.stored_users import LONGEST_EMAIL, insert_users

PATH: Final = "/api/admin/users"


async def support(user_factory: UserFactory) -> Actor:
    """Return a user called ada who may read users."""
    ada = await user_factory()
    await give_role(ada.username, "support")
    return ada


def names(response: ApiResponse) -> list[str]:
    assert response.status == 200, response.json
    return [user["username"] for user in response["items"]]


async def test_users_are_found_by_each_property(user_factory: UserFactory) -> None:
    ada = await support(user_factory)
    await insert_users(["anna", "ann", "berta"])
    await insert_users(["cora"], is_active=False)
    await insert_users(["dora"], is_verified=False)
    ids = {row["username"]: row["id"] for row in await user_rows()}
    expected: dict[str, list[str]] = {
        "": ["dora", "cora", "berta", "ann", "anna", "ada"],
        f"id={ids['ann']}&id={ids['dora']}&id={ids['ann']}&id={2**63 - 1}": ["dora", "ann"],
        "email=Anna@Example.com": ["anna"],
        "email=zoe@example.com": [],
        "username=ANN": ["ann"],
        "username_prefix=AN": ["ann", "anna"],
        "username_prefix=%25n": [],
        "email_prefix=ann@": ["ann"],
        "role=support": ["ada"],
        "role=auditor": [],
        "status=disabled": ["cora"],
        "verified=false": ["dora", "ada"],
        "unknown=1": ["dora", "cora", "berta", "ann", "anna", "ada"],
    }

    found = {query: await ada.call("GET", f"{PATH}?{query}") for query in expected}

    assert {query: names(response) for query, response in found.items()} == expected
    assert {response["next_cursor"] for response in found.values()} == {None}


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("id=7&email=ada@example.com", "email", "conflict"),
        ("verified=false&status=disabled", "verified", "conflict"),
        ("username_prefix=an&email_prefix=", "email_prefix", "conflict"),
        ("id=0", "id", "format"),
        ("id=07", "id", "format"),
        ("id=7&id=x", "id", "format"),
        (f"id={2**63}", "id", "format"),
        ("&".join(f"id={number}" for number in range(1, 102)), "id", "too_long"),
        ("email=ada", "email", "format"),
        ("username=a", "username", "format"),
        ("username_prefix=a", "username_prefix", "format"),
        ("username_prefix=%C3%A4%C3%A4", "username_prefix", "format"),
        ("username_prefix=ab%00", "username_prefix", "format"),
        (f"email_prefix={'a' * 255}", "email_prefix", "format"),
        ("role=unknown", "role", "not_found"),
        ("status=active", "status", "format"),
        ("verified=true", "verified", "format"),
        ("role=support&cursor=YWJj", "cursor", "format"),
        ("username_prefix=ab&cursor=YWM", "cursor", "format"),
    ],
)
async def test_invalid_filter_is_refused(user_factory: UserFactory, query: str, field: str, code: str) -> None:
    refused = await (await support(user_factory)).call("GET", f"{PATH}?{query}")

    assert refused.outcome == (400, "VALIDATION_ERROR")
    assert [(error["field"], error["code"]) for error in refused["errors"]] == [(field, code)]


async def test_pages_continue_after_the_last_user(user_factory: UserFactory) -> None:
    ada = await support(user_factory)
    longest = [LONGEST_EMAIL, f"ab{LONGEST_EMAIL[2:]}", f"ac{LONGEST_EMAIL[2:]}"]
    await insert_users(longest)
    for name in ("anna", "berta"):
        await insert_users([name])
        await give_role(name, "support")

    for query, expected in (
        (f"email_prefix={'a' * 1}a", longest[:1]),
        ("role=support", ["berta@example.com", "anna@example.com", "ada@example.com"]),
        ("email_prefix=a%2A", []),
        ("email_prefix=ab", longest[1:2]),
    ):
        emails, cursor = [], ""
        for _ in range(10):
            page = await ada.call("GET", f"{PATH}?{query}&limit=1{cursor}")
            emails += [user["email"] for user in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert emails == expected, query


async def test_page_shows_roles_password_and_usable_factors_in_few_statements(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await support(user_factory)
    await give_role("ada", "auditor")
    await insert_users([f"user{number}" for number in range(9)])
    ids = {row["username"]: row["id"] for row in await user_rows()}
    for name in ("user1", "user2", "user3"):
        await add_totp(services, name)
    await TotpFactorRow.update({TotpFactorRow.sealed: "1.lost.AAAA"}).where(TotpFactorRow.user_id == ids["user2"])
    for name, rp_id in (("user3", services.core.passkeys.rp_id), ("user4", "elsewhere.example")):
        await insert_passkey(ids[name], rp_id)

    with recorded(services.core.database.engine) as statements:
        page = await ada.call("GET", f"{PATH}?limit=100")
    with recorded(services.core.database.engine) as statements_of_one:
        one = await ada.call("GET", f"{PATH}/{ids['ada']}")

    users = {user["username"]: user for user in page["items"]}
    assert (users["ada"]["roles"], users["ada"]["has_password"]) == (["auditor", "support"], True)
    assert (users["user1"]["roles"], users["user1"]["has_password"]) == ([], False)
    factors = {name: user["factors"] for name, user in users.items() if user["factors"]}
    assert factors == {"user1": ["totp"], "user3": ["totp", "passkey"]}
    assert len(statements) == len(statements_of_one) == 5
    assert one.json == users["ada"]
    assert not {"hashed_password", "subject", "two_step_since"} & one.json.keys()


async def insert_passkey(user_id: int, rp_id: str) -> None:
    values: dict[Any, Any] = {
        "user_id": user_id,
        "name": "key",
        "credential_digest": f"digest of {user_id}",
        "credential_id": "",
        "public_key": "",
        "algorithm": -7,
        "sign_count": 0,
        "backup_eligible": False,
        "backed_up": False,
        "transports": "",
        "aaguid": "",
        "rp_id": rp_id,
    }
    await PasskeyRow.insert(PasskeyRow(**values, created_at=(await user_rows())[0]["created_at"]))


@pytest.mark.parametrize("user_id", ["0", "07", "1.0", "x", "-1", str(2**63), "9" * 30, "%00", "1%20", "²"])
async def test_id_that_no_user_can_have_is_not_found(user_factory: UserFactory, user_id: str) -> None:
    ada = await support(user_factory)

    for path in (f"{PATH}/{user_id}", f"{PATH}/{user_id}/explain"):
        assert (await ada.call("GET", path)).outcome == (404, "USER_NOT_FOUND"), path


async def test_reading_a_user_is_logged_with_the_reader(user_factory: UserFactory) -> None:
    ada = await support(user_factory)
    grace = await user_factory()
    grace_id = (await grace.profile())["id"]

    with logged("INFO") as lines:
        for path in (f"{PATH}/{grace_id}", f"{PATH}/{grace_id}/explain"):
            assert (await ada.call("GET", path)).status == 200

    reader = f"user:{(await ada.profile())['id']}"
    reads = [(line["user_id"], line["actor"]) for line in lines if line.get("event") == "admin:read"]
    assert reads == [(grace_id, reader)] * 2


async def test_explanation_names_obstacles_and_failures(user_factory: UserFactory, app_with: OtherAppFactory) -> None:
    ada = await support(user_factory)
    grace = await user_factory()
    grace_id = (await grace.profile())["id"]
    usable = await ada.call("GET", f"{PATH}/{grace_id}/explain")
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        ada.client = grace.client = other.client
        for _ in range(5):
            await grace.log_in(password="Not-the-1-password")
        await UserRow.update({UserRow.is_active: False}).where(UserRow.id == grace_id)
        refused = await ada.call("GET", f"{PATH}/{grace_id}/explain")

    assert usable.json == {"obstacles": [], "failures": []}
    disabled, throttled = refused["obstacles"]
    assert disabled == {"code": "account_disabled", "detail": "The user is disabled.", "until": None}
    blocked, total = sorted(refused["failures"], key=lambda counted: counted["network"] is None)
    assert (blocked["network"], blocked["count"], total) == (
        CLIENT_IP,
        5,
        {"network": None, "count": 5, "blocked_until": None},
    )
    assert throttled["code"] == "throttled"
    assert throttled["until"] == blocked["blocked_until"] is not None


async def test_caller_without_the_permission_learns_nothing(user_factory: UserFactory) -> None:
    grace = await user_factory()

    for path in (PATH, f"{PATH}?status=x", f"{PATH}/1", f"{PATH}/x", f"{PATH}/{2**63}/explain"):
        refused = await grace.call("GET", path)
        assert (refused.outcome, refused["required_permission"]) == ((403, "PERMISSION_DENIED"), "users:read"), path
