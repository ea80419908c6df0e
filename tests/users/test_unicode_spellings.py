"""Unicode spellings: what NFKC or case mapping folds onto a user's name or e-mail address does not match that user."""

import pytest

from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.rows import user_rows

pytestmark = pytest.mark.engine_independent

EMAILS = {
    "fiona@example.com": [
        "\ufb01ona@example.com",
        "fiona@exampl\u24d4.com",
        "fiona@\uff45xample.com",
        "fiona@example\u3002com",
    ],
    "sam@example.com": ["\u017fam@example.com", "sam\uff20example.com", "sam@exam\ufe0fple.com"],
    "karl@karl.com": ["\u212aarl@karl.com", "karl@\u212aarl.com", "karl@karl\uff0ecom"],
}
USERNAMES = {"fiona": ["\ufb01ona", "\uff46iona"], "sam": ["\u017fam"], "karl": ["\u212aarl"], "ines": ["\u0130nes"]}

FOLDED_EMAILS = [(registered, folded) for registered, spellings in EMAILS.items() for folded in spellings]
FOLDED_USERNAMES = [(registered, folded) for registered, spellings in USERNAMES.items() for folded in spellings]


async def log_in(actor: Actor, **identifier: str) -> ApiResponse:
    return await actor.call("POST", "/api/auth/login", token="", json={**identifier, "password": PASSWORD})


@pytest.mark.parametrize(("registered", "folded"), FOLDED_EMAILS)
async def test_folded_email_does_not_log_in(user_factory: UserFactory, registered: str, folded: str) -> None:
    actor = await user_factory(email=registered, username="person")

    assert (await log_in(actor, email=registered)).status == 200
    assert (await log_in(actor, email=folded)).outcome == (401, "INVALID_CREDENTIALS")
    assert (await log_in(actor, username=folded)).outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize(("registered", "folded"), FOLDED_USERNAMES)
async def test_folded_username_does_not_log_in(user_factory: UserFactory, registered: str, folded: str) -> None:
    actor = await user_factory(username=registered)

    assert (await log_in(actor, username=registered)).status == 200
    assert (await log_in(actor, username=folded)).outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("field", ["email", "username"])
async def test_folded_spelling_does_not_register(ada: Actor, field: str) -> None:
    spellings = FOLDED_EMAILS if field == "email" else FOLDED_USERNAMES
    for _, spelling in spellings:
        response = await ada.register(**{field: spelling})

        assert response.outcome == (400, "VALIDATION_ERROR")
        assert [(error["field"], error["code"]) for error in response["errors"]] == [(field, "format")]
    assert await user_rows() == []


@pytest.mark.parametrize("spelling", ["ADA", "aDa"])
async def test_ascii_case_of_username_and_email_is_ignored_at_login(user_factory: UserFactory, spelling: str) -> None:
    ada = await user_factory()

    assert (await log_in(ada, username=spelling)).status == 200
    assert (await log_in(ada, email=f"{spelling}@EXAMPLE.com")).status == 200
    assert (await log_in(ada, username=f"{spelling}@Example.com")).status == 200


async def test_international_domain_matches_in_unicode_and_ascii_form(user_factory: UserFactory) -> None:
    ada = await user_factory(email="ada@bücher.example")

    assert (await log_in(ada, email="ada@xn--bcher-kva.example")).status == 200
    assert (await log_in(ada, email="ada@BÜCHER.example")).status == 200
    twin = Actor(ada.client, username="twin", email="ada@xn--bcher-kva.example")
    assert (await twin.register()).outcome == (409, "DUPLICATE_EMAIL")


async def test_password_matches_in_both_unicode_normal_forms(user_factory: UserFactory) -> None:
    ada = await user_factory(password="Café-Horse-7-Staple")

    assert (await ada.log_in(password="Cafe\u0301-Horse-7-Staple")).status == 200
    assert (await ada.log_in(password="Cafe-Horse-7-Staple")).outcome == (401, "INVALID_CREDENTIALS")


async def test_password_is_not_trimmed_folded_or_truncated(user_factory: UserFactory) -> None:
    password = " " + "Aa1!" * 31 + "Ab "
    ada = await user_factory(password=password)

    assert (await ada.log_in()).status == 200
    for other in (password.strip(), password[:-1], password.lower(), f"{password} ", password.replace("Ab", "A\uff42")):
        assert (await ada.log_in(password=other)).outcome == (401, "INVALID_CREDENTIALS")


async def test_password_complexity_can_be_disabled(app_with: OtherAppFactory) -> None:
    async with app_with(PASSWORD_REQUIRE_COMPLEXITY="false") as other:
        ada = Actor(other.client, password="correct horse battery")
        assert (await ada.register()).status == 201

    async with app_with(PASSWORD_REQUIRE_COMPLEXITY="true") as other:
        eve = Actor(other.client, username="eve", email="eve@example.com", password="correct horse battery")
        assert (await eve.register()).outcome == (400, "WEAK_PASSWORD")
