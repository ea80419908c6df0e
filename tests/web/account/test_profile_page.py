"""GET /account, and GET and POST /account/profile."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from auth_api.credentials.factor_kind import FactorKind
from auth_api.sign_in.second_factors import AccountFactors
from auth_api.users.tables import UserRow
from auth_api.users.user import User
from auth_api.web.account.recommendations import Recommendation, recommendations
from tests.conftest import UserFactory
from tests.support.rows import audit_actions, user_rows
from tests.support.visitor import Visitor

PROFILE = "/account/profile"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
FACTOR_PAGES = {"email", "security/passkeys", "security/totp", "security/recovery-codes"}


@pytest.fixture
async def visitor(client: httpx.AsyncClient, user_factory: UserFactory) -> Visitor:
    """Ada, who is logged in."""
    await user_factory()
    visitor = Visitor(client)
    await visitor.log_in()
    return visitor


def user(*, is_verified: bool = True) -> User:
    return User(
        id=1,
        username="ada",
        email="ada@example.com",
        is_active=True,
        email_verified_at=NOW if is_verified else None,
        created_at=NOW,
        updated_at=NOW,
        last_login=None,
        two_step_since=None,
        metadata=None,
        has_password=True,
        display_name=None,
        locale=None,
    )


def factors(*, passkeys: int = 0, codes_left: int | None = None) -> AccountFactors:
    codes = None if codes_left is None else cast("Any", SimpleNamespace(left=codes_left))
    passkey = cast("Any", SimpleNamespace())
    return AccountFactors(passkeys=(passkey,) * passkeys, totp=None, recovery_codes=codes, usable=())


def test_recommendations_begin_with_the_address_and_name_only_pages_that_exist() -> None:
    both = tuple(FactorKind)
    app, passkey = (FactorKind.TOTP,), Recommendation.ADD_PASSKEY

    def found(
        present: AccountFactors,
        addable: tuple[FactorKind, ...],
        *,
        pages: set[str] = FACTOR_PAGES,
        is_verified: bool = True,
    ) -> list[Recommendation]:
        return recommendations(user(is_verified=is_verified), present, addable, pages)

    assert found(factors(), both, is_verified=False) == [Recommendation.VERIFY_EMAIL]
    assert found(factors(), both, is_verified=False, pages=FACTOR_PAGES - {"email"}) == [passkey]
    assert found(factors(), both) == [passkey]
    assert found(factors(), app) == [Recommendation.ADD_APP]
    assert found(factors(passkeys=1, codes_left=3), both) == [Recommendation.MAKE_RECOVERY_CODES]
    assert found(factors(passkeys=1, codes_left=4), both) == []
    assert found(factors(passkeys=1), both, pages=set()) == []


async def test_overview_shows_the_account_and_the_last_events(visitor: Visitor) -> None:
    page = await visitor.get("/account")

    assert page.outcome == (200, "account", "")
    assert "ada@example.com" in page.text
    assert "Not verified" in page.text
    assert "Send the e-mail again" in page.text
    assert page.text.index("Logged in") < page.text.index("Account created")
    assert {PROFILE, "/account/email", "/account/history", "/account/logout"} <= set(page.reader.links)

    await UserRow.update({UserRow.email_verified_at: UserRow.created_at}, force=True)
    verified = await visitor.get("/account")
    assert "Verified" in verified.text
    assert "Send the e-mail again" not in verified.text


async def test_profile_form_is_filled_in_and_changes_only_what_differs(visitor: Visitor) -> None:
    page = await visitor.get(PROFILE, username="eve", display_name="Eve")
    assert page.form(PROFILE).fields["username"] == "ada"

    unchanged = await visitor.submit(page, PROFILE)
    assert unchanged.location == f"{PROFILE}?done=saved"
    assert "profile:changed" not in await audit_actions()

    name = "<b>Ada</b> \N{HEBREW LETTER ALEF}"
    shown = await visitor.follow(
        await visitor.submit(page, PROFILE, username="Lovelace", display_name=name, locale="de")
    )
    assert shown.form(PROFILE).fields["display_name"] == name
    assert "<b>Ada" not in shown.response.text
    assert shown.response.headers["Content-Language"] == "de"
    (row,) = await user_rows()
    assert (row["username"], row["display_name"], row["locale"]) == ("lovelace", name, "de")

    await visitor.submit(shown, PROFILE, display_name="", locale="")
    (row,) = await user_rows()
    assert (row["username"], row["display_name"], row["locale"]) == ("lovelace", None, None)


async def test_language_that_another_application_has_set_is_kept(visitor: Visitor) -> None:
    await UserRow.update({UserRow.locale: "de-AT,fr"}, force=True)

    page = await visitor.get(PROFILE)

    assert "Deutsch (de-AT, fr)" in page.text
    await visitor.submit(page, PROFILE, locale="de-AT,fr", display_name="Ada")
    assert (await user_rows())[0]["locale"] == "de-AT,fr"


async def test_refused_profile_is_filled_in_again(visitor: Visitor, user_factory: UserFactory) -> None:
    await user_factory(username="bob")
    page = await visitor.get(PROFILE)

    taken = await visitor.submit(page, PROFILE, username="bob", display_name="Ada")
    assert taken.outcome == (422, "profile", "DUPLICATE_USERNAME")
    assert taken.field_error("username")
    assert taken.form(PROFILE).fields["username"] == "bob"
    assert taken.form(PROFILE).fields["display_name"] == "Ada"
    empty = await visitor.submit(page, PROFILE, username="", display_name="a\u202eb")
    assert empty.outcome == (422, "profile", "VALIDATION_ERROR")
    assert empty.field_error("username") == "Please fill in this field."
    assert "direction of text" in empty.field_error("display_name")
    assert {row["username"] for row in await user_rows()} == {"ada", "bob"}
