"""`explain` lists the reasons why a user cannot log in."""

import pytest

from auth_api.credentials.totp.tables import TotpFactorRow
from auth_api.flows.administration.explanation import ExplanationService
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_IP, OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.counters import age_counters
from tests.support.factors import add_totp, switch_two_step_on, wrong_code
from tests.support.mail_flows import verifying_app
from tests.support.mailbox import Mailbox


async def obstacle_codes(services: Services, name: str = "ada") -> list[str]:
    return [obstacle.code for obstacle in (await services.of(ExplanationService).explain(name)).obstacles]


@pytest.mark.parametrize("name", ["unknown", "unknown@example.com", "no such name", ""])
async def test_unknown_name_is_an_obstacle(services: Services, name: str) -> None:
    assert await obstacle_codes(services, name) == ["no_such_account"]


async def test_usable_user_has_no_obstacles(user_factory: UserFactory, services: Services) -> None:
    await user_factory()

    assert await obstacle_codes(services) == []
    assert await obstacle_codes(services, "Ada@Example.com") == []


async def test_all_obstacles_are_listed_at_once(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    await UserRow.update({UserRow.is_active: False, UserRow.hashed_password: "!"}, force=True)

    assert await obstacle_codes(services) == ["account_disabled", "no_password"]


async def test_two_step_login_is_an_obstacle(user_factory: UserFactory, services: Services) -> None:
    await user_factory()
    await add_totp(services, "ada")
    await switch_two_step_on("ada")

    (obstacle,) = (await services.of(ExplanationService).explain("ada")).obstacles
    assert (obstacle.code, obstacle.detail) == (
        "second_factor_required",
        "After the first step, the user must prove one of: totp.",
    )


async def test_wrong_codes_that_block_a_login_are_an_obstacle(
    user_factory: UserFactory, app_with: OtherAppFactory
) -> None:
    ada = await user_factory()
    async with app_with(RATE_LIMIT_ENABLED="true") as other:
        ada.client = other.client
        seed = await add_totp(other.services, "ada")
        await switch_two_step_on("ada")
        login = await ada.log_in()
        guess = {"mfa_token": login["mfa_token"], "method": "totp", "code": wrong_code(other.services, seed)}
        for _ in range(5):
            await ada.call("POST", "/api/auth/mfa", token="", json=guess)

        required, throttled = (await other.services.of(ExplanationService).explain("ada")).obstacles

    assert (required.code, throttled.code) == ("second_factor_required", "throttled")
    assert throttled.detail.startswith("After 5 wrong codes, logins from 203.0.113.7 are refused until ")


async def test_two_step_login_without_a_usable_factor_is_an_obstacle(
    user_factory: UserFactory, services: Services
) -> None:
    await user_factory()
    await switch_two_step_on("ada")

    assert await obstacle_codes(services) == ["no_usable_factor"]


async def test_required_second_factor_is_an_obstacle(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    await user_factory(is_verified=True)

    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        without = await obstacle_codes(other.services)
        await add_totp(other.services, "ada")
        with_an_app = await obstacle_codes(other.services)
        await TotpFactorRow.update({TotpFactorRow.sealed: "1.00000000." + "A" * 60}, force=True)
        with_a_lost_key = await obstacle_codes(other.services)

    assert without == ["enrolment_required"]
    assert with_an_app == ["second_factor_required"]
    assert with_a_lost_key == ["no_usable_factor"]


async def test_required_email_verification_is_an_obstacle(
    user_factory: UserFactory, app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    await user_factory()

    async with app_with(
        mailer=mailbox, SMTP_URL="smtps://nowhere", MAIL_FROM="a@b.org", REQUIRE_EMAIL_VERIFICATION="true"
    ) as other:
        assert await obstacle_codes(other.services) == ["email_not_verified"]


@pytest.mark.parametrize("stored", ["!", "", "pbkdf2$1$abc", "$argon2id$broken"])
async def test_unusable_hash_is_an_obstacle(user_factory: UserFactory, services: Services, stored: str) -> None:
    await user_factory()
    await UserRow.update({UserRow.hashed_password: stored}, force=True)

    assert await obstacle_codes(services) == ["no_password"]


async def test_sessions_and_events_are_newest_first(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()
    for _ in range(24):
        await ada.log_in(password="Wrong-Horse-7-Staple")
    await ada.log_in()

    found = await services.of(ExplanationService).explain("ada")

    assert found.user is not None
    assert found.user.username == "ada"
    assert [session.ip_address for session in found.sessions] == [CLIENT_IP] * 2
    assert found.sessions[0].created_at > found.sessions[1].created_at
    assert [row.action for row in found.events] == ["login:succeeded", *["login:failed"] * 19]


async def test_throttled_network_is_listed_with_its_end(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000", TRUSTED_PROXIES=CLIENT_IP) as app:
        ada = Actor(app.client)
        await ada.register()
        far = Actor(app.client, headers={"X-Forwarded-For": "2001:db8:1:2:3::4"})
        for _ in range(5):
            await far.log_in(password="Wrong-Horse-7-Staple")
        await Actor(app.client, headers={"X-Forwarded-For": "198.51.100.9"}).log_in(password="Wrong-Horse-7-Staple")

        found = await app.services.of(ExplanationService).explain("ada")
        await age_counters(31)
        later = await app.services.of(ExplanationService).explain("ada")

    assert [obstacle.code for obstacle in found.obstacles] == ["throttled"]
    assert "logins from 2001:db8:1:2::/64 are refused until 20" in found.obstacles[0].detail
    assert [(counted.network, counted.count, counted.blocked_until is not None) for counted in found.failures] == [
        ("2001:db8:1:2::/64", 5, True),
        (None, 6, False),
        ("198.51.100.9", 1, False),
    ]
    assert later.obstacles == []
    assert [counted.count for counted in later.failures if counted.network is None] == [6]


async def test_unknown_name_can_be_throttled(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        for _ in range(5):
            await Actor(app.client, username="typo").log_in()

        assert await obstacle_codes(app.services, "TYPO") == ["no_such_account", "throttled"]


async def test_failures_are_those_of_one_user(user_factory: UserFactory, app_with: OtherAppFactory) -> None:
    """The keys `id:1` and `id:11` share a prefix."""
    actors = [await user_factory() for _ in range(12)]
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        for actor in actors[1:]:
            other = Actor(app.client, username=actor.username)
            await other.log_in(password="Wrong-Horse-7-Staple")

        assert (await app.services.of(ExplanationService).explain("ada")).failures == []


async def test_disabled_throttle_adds_no_obstacle(app_with: OtherAppFactory, services: Services) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        await ada.register()
        for _ in range(5):
            await ada.log_in(password="Wrong-Horse-7-Staple")

    assert await obstacle_codes(services) == []
