"""Why can this person not log in?"""

import pytest

from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_ADDRESS, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.counters import age_counters
from tests.support.mailbox import Mailbox


async def codes(services: Services, name: str = "ada") -> list[str]:
    return [obstacle.code for obstacle in (await services.explanation.explain(name)).obstacles]


@pytest.mark.parametrize("name", ["nobody", "nobody@example.com", "no such name", ""])
async def test_nobody_has_that_name(services: Services, name: str) -> None:
    assert await codes(services, name) == ["no_such_account"]


async def test_nothing_is_in_the_way(user_factory: UserFactory, services: Services) -> None:
    await user_factory()

    assert await codes(services) == []
    assert await codes(services, "Ada@Example.com") == []


async def test_everything_that_is_in_the_way_is_told_at_once(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    await UserRow.update({UserRow.is_active: False, UserRow.hashed_password: "!"}, force=True)

    assert await codes(services) == ["account_disabled", "no_password"]


async def test_an_address_that_has_to_be_verified_is_in_the_way(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    await user_factory()

    async with app_with(
        mailer=mailbox, SMTP_URL="smtps://nowhere", MAIL_FROM="a@b.org", REQUIRE_EMAIL_VERIFICATION="true"
    ) as other:
        assert await codes(other.services) == ["email_not_verified"]


@pytest.mark.parametrize("stored", ["!", "", "pbkdf2$1$abc", "$argon2id$broken"])
async def test_what_is_no_hash_is_no_password(user_factory: UserFactory, services: Services, stored: str) -> None:
    await user_factory()
    await UserRow.update({UserRow.hashed_password: stored}, force=True)

    assert await codes(services) == ["no_password"]


async def test_sessions_and_the_last_events_are_shown_newest_first(
    user_factory: UserFactory, services: Services
) -> None:
    ada = await user_factory()
    for _ in range(24):
        await ada.log_in(password="Wrong-Horse-7-Staple")
    await ada.log_in()

    found = await services.explanation.explain("ada")

    assert found.user is not None
    assert found.user.username == "ada"
    assert [session.ip_address for session in found.sessions] == [CLIENT_ADDRESS] * 2
    assert found.sessions[0].created_at > found.sessions[1].created_at
    assert [row.action for row in found.events] == ["login:succeeded", *["login:failed"] * 19]


async def test_a_throttled_network_is_named_with_the_moment_it_may_try_again(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000", TRUSTED_PROXIES=CLIENT_ADDRESS) as app:
        ada = Actor(app.client)
        await ada.register()
        far = Actor(app.client, headers={"X-Forwarded-For": "2001:db8:1:2:3::4"})
        for _ in range(5):
            await far.log_in(password="Wrong-Horse-7-Staple")
        await Actor(app.client, headers={"X-Forwarded-For": "198.51.100.9"}).log_in(password="Wrong-Horse-7-Staple")

        found = await app.services.explanation.explain("ada")
        await age_counters(31)
        later = await app.services.explanation.explain("ada")

    assert [obstacle.code for obstacle in found.obstacles] == ["throttled"]
    assert "logins from 2001:db8:1:2::/64 are refused until 20" in found.obstacles[0].detail
    assert [(counted.network, counted.count, counted.blocked_until is not None) for counted in found.failures] == [
        ("2001:db8:1:2::/64", 5, True),
        (None, 6, False),
        ("198.51.100.9", 1, False),
    ]
    assert later.obstacles == []
    assert [counted.count for counted in later.failures if counted.network is None] == [6]


async def test_a_name_that_nobody_has_can_be_throttled_too(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        for _ in range(5):
            await Actor(app.client, username="typo").log_in()

        assert await codes(app.services, "TYPO") == ["no_such_account", "throttled"]


async def test_one_account_s_failures_are_not_another_s(user_factory: UserFactory, app_with: OtherAppFactory) -> None:
    """Keys share their beginning: `id:1` and `id:11`."""
    people = [await user_factory() for _ in range(12)]
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        for person in people[1:]:
            other = Actor(app.client, username=person.username)
            await other.log_in(password="Wrong-Horse-7-Staple")

        assert (await app.services.explanation.explain("ada")).failures == []


async def test_a_throttle_that_is_off_is_in_nobody_s_way(app_with: OtherAppFactory, services: Services) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        await ada.register()
        for _ in range(5):
            await ada.log_in(password="Wrong-Horse-7-Staple")

    assert await codes(services) == []
