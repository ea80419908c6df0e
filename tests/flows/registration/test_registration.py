"""Registration: the response, the stored rows, and conflicts with other users."""

import pytest

from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import CLIENT_IP, UserFactory
from tests.support.actors import PASSWORD, Actor
from tests.support.rows import audit_actions, user_rows


async def test_response_is_the_user_and_the_tokens_in_one_flat_object(ada: Actor) -> None:
    response = await ada.register()

    assert response.status == 201
    assert response.json == {
        "id": response["id"],
        "username": "ada",
        "email": "ada@example.com",
        "is_active": True,
        "email_verified": False,
        "has_password": True,
        "created_at": response["created_at"],
        "updated_at": response["created_at"],
        "last_login": None,
        "metadata": {},
        "display_name": None,
        "locale": None,
        "access_token": response["access_token"],
        "refresh_token": response["refresh_token"],
        "token_type": "Bearer",
        "expires_in": 1800,
        "refresh_expires_in": 7 * 24 * 60 * 60,
    }
    assert response["refresh_token"].startswith("rt_")
    assert len(response["refresh_token"]) == 3 + 43


async def test_registration_returns_working_tokens(ada: Actor) -> None:
    response = await ada.register()

    assert (await ada.profile()).json == {name: response[name] for name in (await ada.profile()).json}
    assert (await ada.refresh()).status == 200


async def test_email_and_username_are_stored_in_canonical_form(ada: Actor) -> None:
    response = await ada.register(email="Ada.L@BÜCHER.Example", username="Ada-L")

    assert (response["email"], response["username"]) == ("ada.l@xn--bcher-kva.example", "ada-l")
    assert [(row["email"], row["username"]) for row in await user_rows()] == [
        ("ada.l@xn--bcher-kva.example", "ada-l"),
    ]


async def test_password_is_stored_as_an_argon2id_hash(ada: Actor) -> None:
    await ada.register()

    (row,) = await user_rows()

    assert row["hashed_password"].startswith("$argon2id$v=19$")
    assert PASSWORD not in str(row)


async def test_session_stores_client_and_times(ada: Actor) -> None:
    ada.headers["User-Agent"] = "Ada's phone"

    await ada.register()

    session = await SessionRow.objects().first()
    assert session is not None
    assert (session.ip_address, session.user_agent, session.amr) == (CLIENT_IP, "Ada's phone", "pwd")
    assert session.auth_time == session.created_at == session.last_used_at
    assert (session.expires_at - session.created_at).days == 7
    assert (session.absolute_expires_at - session.created_at).days == 30


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"username": "other"}, "DUPLICATE_EMAIL"),
        ({"username": "other", "email": "ADA@Example.COM"}, "DUPLICATE_EMAIL"),
        ({"email": "other@example.com"}, "DUPLICATE_USERNAME"),
        ({"email": "other@example.com", "username": "ADA"}, "DUPLICATE_USERNAME"),
        ({}, "DUPLICATE_EMAIL"),
    ],
    ids=["email", "email in capitals", "username", "username in capitals", "both"],
)
async def test_taken_email_or_name_is_a_conflict(user_factory: UserFactory, fields: dict[str, str], code: str) -> None:
    ada = await user_factory()

    response = await Actor(ada.client).register(**fields)

    assert response.outcome == (409, code)
    assert len(await user_rows()) == await SessionRow.count() == await RefreshTokenRow.count() == 1
    assert await audit_actions() == ["account:registered"]


async def test_email_conflict_is_reported_before_username_conflict(user_factory: UserFactory) -> None:
    await user_factory(username="grace")
    ada = await user_factory(username="ada")

    response = await Actor(ada.client, username="grace", email="ada@example.com").register()

    assert response.outcome == (409, "DUPLICATE_EMAIL")


async def test_weak_password_is_reported_before_a_conflict(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.register(password="short")).outcome == (400, "WEAK_PASSWORD")
