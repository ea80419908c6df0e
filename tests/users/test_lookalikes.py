"""Spellings that NFKC or case mapping folds onto somebody's address or name never reach that account."""

import pytest

from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import PASSWORD, Actor, Answer
from tests.support.rows import user_rows

pytestmark = pytest.mark.engine_independent

ADDRESSES = {
    "fiona@example.com": [
        "\ufb01ona@example.com",
        "fiona@exampl\u24d4.com",
        "fiona@\uff45xample.com",
        "fiona@example\u3002com",
    ],
    "sam@example.com": ["\u017fam@example.com", "sam\uff20example.com", "sam@exam\ufe0fple.com"],
    "karl@karl.com": ["\u212aarl@karl.com", "karl@\u212aarl.com", "karl@karl\uff0ecom"],
}
NAMES = {"fiona": ["\ufb01ona", "\uff46iona"], "sam": ["\u017fam"], "karl": ["\u212aarl"], "ines": ["\u0130nes"]}

FOREIGN_ADDRESSES = [(own, foreign) for own, spellings in ADDRESSES.items() for foreign in spellings]
FOREIGN_NAMES = [(own, foreign) for own, spellings in NAMES.items() for foreign in spellings]


async def log_in(actor: Actor, **name: str) -> Answer:
    return await actor.call("POST", "/api/auth/login", token="", json={**name, "password": PASSWORD})


@pytest.mark.parametrize(("own", "foreign"), FOREIGN_ADDRESSES)
async def test_a_folded_address_logs_nobody_in(user_factory: UserFactory, own: str, foreign: str) -> None:
    actor = await user_factory(email=own, username="somebody")

    assert (await log_in(actor, email=own)).status == 200
    assert (await log_in(actor, email=foreign)).outcome == (401, "INVALID_CREDENTIALS")
    assert (await log_in(actor, username=foreign)).outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize(("own", "foreign"), FOREIGN_NAMES)
async def test_a_folded_username_logs_nobody_in(user_factory: UserFactory, own: str, foreign: str) -> None:
    actor = await user_factory(username=own)

    assert (await log_in(actor, username=own)).status == 200
    assert (await log_in(actor, username=foreign)).outcome == (401, "INVALID_CREDENTIALS")


@pytest.mark.parametrize("field", ["email", "username"])
async def test_a_folded_spelling_registers_nobody(ada: Actor, field: str) -> None:
    foreign = FOREIGN_ADDRESSES if field == "email" else FOREIGN_NAMES
    for _, spelling in foreign:
        response = await ada.register(**{field: spelling})

        assert response.outcome == (400, "VALIDATION_ERROR")
        assert [(error["field"], error["code"]) for error in response["errors"]] == [(field, "format")]
    assert await user_rows() == []


@pytest.mark.parametrize("spelling", ["ADA", "aDa"])
async def test_ascii_case_alone_makes_no_other_name_or_address(user_factory: UserFactory, spelling: str) -> None:
    ada = await user_factory()

    assert (await log_in(ada, username=spelling)).status == 200
    assert (await log_in(ada, email=f"{spelling}@EXAMPLE.com")).status == 200
    assert (await log_in(ada, username=f"{spelling}@Example.com")).status == 200


async def test_an_international_domain_is_one_in_both_its_forms(user_factory: UserFactory) -> None:
    ada = await user_factory(email="ada@bücher.example")

    assert (await log_in(ada, email="ada@xn--bcher-kva.example")).status == 200
    assert (await log_in(ada, email="ada@BÜCHER.example")).status == 200
    twin = Actor(ada.client, username="twin", email="ada@xn--bcher-kva.example")
    assert (await twin.register()).outcome == (409, "DUPLICATE_EMAIL")


async def test_a_password_may_be_typed_in_either_unicode_form(user_factory: UserFactory) -> None:
    ada = await user_factory(password="Café-Horse-7-Staple")

    assert (await ada.log_in(password="Cafe\u0301-Horse-7-Staple")).status == 200
    assert (await ada.log_in(password="Cafe-Horse-7-Staple")).outcome == (401, "INVALID_CREDENTIALS")


async def test_a_password_is_neither_trimmed_nor_folded_nor_cut(user_factory: UserFactory) -> None:
    password = " " + "Aa1!" * 31 + "Ab "
    ada = await user_factory(password=password)

    assert (await ada.log_in()).status == 200
    for other in (password.strip(), password[:-1], password.lower(), f"{password} ", password.replace("Ab", "A\uff42")):
        assert (await ada.log_in(password=other)).outcome == (401, "INVALID_CREDENTIALS")


async def test_complexity_can_be_switched_off(app_with: OtherAppFactory) -> None:
    async with app_with(PASSWORD_REQUIRE_COMPLEXITY="false") as other:
        ada = Actor(other.client, password="correct horse battery")
        assert (await ada.register()).status == 201

    async with app_with(PASSWORD_REQUIRE_COMPLEXITY="true") as other:
        eve = Actor(other.client, username="eve", email="eve@example.com", password="correct horse battery")
        assert (await eve.register()).outcome == (400, "WEAK_PASSWORD")
