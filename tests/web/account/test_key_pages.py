"""GET /account/keys, and the pages that create and revoke an API key."""

import re

import httpx
import pytest

from auth_api.credentials.api_keys.tables import ApiKeyRow
from auth_api.roles.permissions import BUILT_IN
from auth_api.web.account.permission_texts import PERMISSION_TEXTS
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.mailbox import Mailbox
from tests.support.roles import add_role, give_role
from tests.support.rows import age_sessions, audit_actions
from tests.support.visitor import Page, Visitor

KEYS = "/account/keys"
NEW = f"{KEYS}/new"
REVOKE = f"{KEYS}/revoke"
KEY = {"name": "Backup script", "scopes": "profile:read", "expires_in_days": "30"}


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with a verified e-mail address."""
    return await user_factory(is_verified=True)


@pytest.fixture
async def visitor(ada: Actor, client: httpx.AsyncClient) -> Visitor:
    """Ada, just logged in at a browser without script."""
    visitor = Visitor(client, username=ada.username)
    await visitor.log_in()
    return visitor


def offered(page: Page) -> list[str]:
    """Return the scopes that the form offers; those that are checked end with a plus sign."""
    boxes = re.findall(r'name="scopes" type="checkbox" value="([^"]+)"( checked)?', page.response.text)
    return [name + ("+" if is_checked else "") for name, is_checked in boxes]


async def test_key_is_shown_once_works_and_is_revoked(visitor: Visitor, client: httpx.AsyncClient) -> None:
    empty = await visitor.get(KEYS)
    assert empty.outcome == (200, "keys", "")
    assert "You have no API keys." in empty.text
    assert {KEYS, NEW} <= set(empty.reader.links)

    created = await visitor.submit(await visitor.get(NEW), NEW, **KEY)
    assert created.outcome == (200, "key-created", "")
    assert created.response.headers["Cache-Control"] == "no-store"
    assert "Deutsch" not in created.text
    secret = "".join(created.reader.by_id["secret"])
    bearer = {"Authorization": f"Bearer {secret}"}
    assert (await client.get("/api/user/profile", headers=bearer)).json()["username"] == "ada"

    shown = await visitor.get(KEYS)
    assert secret not in shown.response.text
    assert f"{secret[:13]}…" in shown.text
    assert "Backup script" in shown.text
    (row,) = await ApiKeyRow.select()
    assert (row["expires_at"] - row["created_at"]).days == 30
    revoked = await visitor.submit(shown, REVOKE)
    assert (revoked.status, revoked.location) == (303, f"{KEYS}?done=revoked")
    after = await visitor.follow(revoked)
    assert "The key is revoked and no longer works." in after.text
    assert REVOKE not in [form.action for form in after.reader.forms]
    assert (await client.get("/api/user/profile", headers=bearer)).status_code == 401
    assert [action for action in await audit_actions() if action.startswith("key:")] == ["key:created", "key:revoked"]


async def test_form_offers_the_permissions_of_the_person_in_their_language(visitor: Visitor) -> None:
    assert offered(await visitor.get(NEW)) == ["profile:read+"]
    await add_role("seller", ["roles:read", "users:read"])
    await give_role("ada", "seller")

    page = await visitor.get(NEW, lang="de")

    assert offered(page) == ["profile:read", "roles:read", "users:read"]
    assert "Rollen und Berechtigungen auflisten." in page.text
    created = await visitor.post(NEW, {**KEY, "scopes": ["roles:read", "users:read"]})
    assert created.outcome == (200, "key-created", "")
    assert "roles:read users:read" in created.text
    await give_role("ada", "administrator")
    assert offered(await visitor.get(NEW)) == sorted(BUILT_IN)
    assert PERMISSION_TEXTS.keys() == BUILT_IN.keys()


async def test_refused_key_keeps_what_was_entered(visitor: Visitor) -> None:
    await give_role("ada", "support")
    page = await visitor.get(NEW)
    for changed, code, wrong in (
        ({"name": ""}, "VALIDATION_ERROR", "name"),
        ({"name": "x" * 51}, "VALIDATION_ERROR", "name"),
        ({"scopes": ""}, "VALIDATION_ERROR", "scopes"),
        ({"scopes": "no:such"}, "VALIDATION_ERROR", "scopes"),
        ({"expires_in_days": "4000"}, "VALIDATION_ERROR", "expires_in_days"),
    ):
        refused = await visitor.submit(page, NEW, **{**KEY, **changed})
        assert refused.outcome == (422, "new-key", code), changed
        assert f'id="f-{wrong}-error"' in refused.response.text
    assert refused.form(NEW).fields["name"] == "Backup script"
    assert "profile:read+" in offered(refused)
    outranked = await visitor.submit(page, NEW, **{**KEY, "scopes": "users:delete"})
    assert outranked.outcome == (403, "new-key", "RANK_TOO_LOW")
    assert "This needs the permission users:delete, which you do not have." in outranked.response.text
    unknown = await visitor.post(REVOKE, {"id": "4096"})
    assert unknown.outcome == (404, "keys", "KEY_NOT_FOUND")


async def test_form_appears_after_a_recent_proof_of_identity(visitor: Visitor) -> None:
    await age_sessions(minutes=6)

    page = await visitor.get(NEW)
    sent = await visitor.post(NEW, KEY)

    confirm = "/account/confirm?acr=aal1&continue=%2Faccount%2Fkeys%2Fnew"
    assert confirm in page.reader.links
    assert (sent.status, sent.location) == (303, confirm)
    assert await ApiKeyRow.count() == 0
    await visitor.submit(await visitor.get(confirm), "/account/confirm", password=visitor.password)
    assert (await visitor.post(NEW, KEY)).name == "key-created"


async def test_key_needs_a_verified_address(
    app_with: OtherAppFactory, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await user_factory()
    async with app_with(mailer=mailbox) as other:
        visitor = Visitor(other.client)
        await visitor.log_in()
        page = await visitor.post(NEW, KEY)

    assert page.outcome == (403, "email-not-verified", "EMAIL_NOT_VERIFIED")
    assert "/account/email/resend" in [form.action for form in page.reader.forms]
    assert KEYS in page.reader.links


async def test_pages_follow_the_settings(app_with: OtherAppFactory, ada: Actor) -> None:
    async with app_with(API_KEY_MAX_DAYS="60") as other:
        visitor = Visitor(other.client, username=ada.username)
        await visitor.log_in()
        page = await visitor.get(NEW)
        assert re.findall(r'<option value="(\d+)"( selected)?', page.response.text) == [
            ("7", ""),
            ("30", ""),
            ("60", " selected"),
        ]
    async with app_with(PERSONAL_API_KEYS="false") as other:
        visitor = Visitor(other.client, username=ada.username)
        await visitor.log_in()
        assert (await visitor.get(KEYS)).status == 404
        assert KEYS not in (await visitor.get("/account")).reader.links


async def test_long_list_has_parts_and_people_log_in_first(visitor: Visitor, client: httpx.AsyncClient) -> None:
    for number in range(2):
        await visitor.post(NEW, {**KEY, "name": f"Key {number}"})

    first = await visitor.get(KEYS, limit="1")
    (link,) = [link for link in first.reader.links if "cursor=" in link]
    second = await visitor.get(KEYS + link)

    assert "Key 1" in first.text
    assert "Key 0" in second.text
    assert "Key 1" not in second.text
    client.cookies.clear()
    for path in (KEYS, NEW):
        page = await visitor.get(path)
        assert page.location == f"/account/login?continue={path.replace('/', '%2F')}"
