"""The account throttle and networks: guesses from other networks do not lock the user out."""

import asyncio

import pytest

from tests.conftest import OtherApp
from tests.support.actors import Actor
from tests.support.client_ips import from_ip
from tests.support.counters import age_counters
from tests.support.hash_comparisons import recorded_hash_comparisons
from tests.support.rows import age_sessions

pytestmark = pytest.mark.slow

WRONG = "Not-the-1-password"
NEW_NETWORK = "198.51.100.200"
HOUR = 60 * 60


async def fail_from_many_networks(person: Actor, failures: int) -> list[tuple[int, str]]:
    """Fail this number of times, four times from each network."""
    callers = [from_ip(person, f"198.51.100.{number // 4}") for number in range(failures)]
    return [(await caller.log_in(password=WRONG)).outcome for caller in callers]


async def test_wait_applies_to_one_network_only(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    thief = from_ip(ada, NEW_NETWORK)
    for _ in range(5):
        await thief.log_in(password=WRONG)

    assert (await thief.log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await ada.log_in()).status == 200


async def test_success_resets_the_failures_of_its_network_only(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    thief = from_ip(ada, NEW_NETWORK)
    for _ in range(4):
        await ada.log_in(password=WRONG)
        await thief.log_in(password=WRONG)

    assert (await ada.log_in()).status == 200

    of_thief = [(await thief.log_in(password=WRONG)).outcome for _ in range(2)]
    of_owner = [(await ada.log_in(password=WRONG)).outcome for _ in range(6)]
    assert of_thief == [(401, "INVALID_CREDENTIALS"), (429, "TOO_MANY_ATTEMPTS")]
    assert of_owner == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_ipv6_addresses_of_one_network_share_a_counter(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    for number in range(5):
        await from_ip(ada, f"2001:db8:0:1::{number}").log_in(password=WRONG)

    assert (await from_ip(ada, "2001:db8:0:1:ffff::1").log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await from_ip(ada, "2001:db8:0:2::1").log_in()).status == 200


async def test_sessions_and_refreshes_continue_during_a_wait(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    for _ in range(5):
        await Actor(limited.client).log_in(password=WRONG)

    assert (await Actor(limited.client).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await ada.profile()).status == 200
    assert (await ada.refresh()).status == 200
    assert (await ada.profile()).status == 200


async def test_fifty_failures_block_logins_from_new_networks(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()

    failures = await fail_from_many_networks(ada, 50)
    with recorded_hash_comparisons() as compared:
        refused = await from_ip(ada, NEW_NETWORK).log_in()

    assert failures == [(401, "INVALID_CREDENTIALS")] * 50
    assert refused.outcome == (429, "TOO_MANY_ATTEMPTS")
    assert refused.response.headers["Retry-After"] == "30"
    assert compared == []


async def test_unknown_user_is_blocked_in_the_same_way(limited: OtherApp) -> None:
    guesser = Actor(limited.client)

    failures = await fail_from_many_networks(guesser, 50)

    assert failures == [(401, "INVALID_CREDENTIALS")] * 50
    assert (await from_ip(guesser, NEW_NETWORK).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_block_of_new_networks_ends_and_doubles_with_each_failure(
    limited: OtherApp,
) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_many_networks(ada, 50)

    await age_counters(30)
    outcomes = [(await from_ip(ada, f"192.0.2.{number}").log_in(password=WRONG)).outcome for number in range(2)]
    refused = await from_ip(ada, NEW_NETWORK).log_in()

    assert outcomes == [(401, "INVALID_CREDENTIALS"), (429, "TOO_MANY_ATTEMPTS")]
    assert refused.response.headers["Retry-After"] == "60"


async def test_block_of_new_networks_expires_after_an_hour(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_many_networks(ada, 50)

    await age_counters(HOUR)

    callers = [from_ip(ada, f"192.0.2.{number}") for number in range(3)]
    assert [(await caller.log_in(password=WRONG)).outcome for caller in callers] == [(401, "INVALID_CREDENTIALS")] * 3
    assert (await from_ip(ada, NEW_NETWORK).log_in()).status == 200


async def test_users_own_network_is_not_blocked(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_many_networks(ada, 50)

    assert (await ada.log_in()).status == 200
    assert (await ada.log_out()).status == 200
    assert (await ada.log_in()).status == 200


async def test_network_is_known_for_30_days_after_a_login(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_many_networks(ada, 50)

    await age_sessions(days=29, hours=23)
    before = await ada.log_in(password=WRONG)
    await age_sessions(hours=2)
    after = await ada.log_in()

    assert before.outcome == (401, "INVALID_CREDENTIALS")
    assert after.outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_network_known_for_another_user_is_new(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    neighbour = Actor(limited.client, username="grace", email="grace@example.com")
    await from_ip(neighbour, NEW_NETWORK).register()
    await fail_from_many_networks(ada, 50)

    assert (await from_ip(ada, NEW_NETWORK).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_guesses_from_the_users_own_network_have_to_wait(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_many_networks(ada, 50)

    outcomes = [(await ada.log_in(password=WRONG)).outcome for _ in range(6)]

    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_at_most_fifty_of_sixty_parallel_guesses_from_sixty_networks_are_compared(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    thieves = [from_ip(ada, f"198.51.100.{number}") for number in range(60)]

    with recorded_hash_comparisons() as compared:
        await asyncio.gather(*(thief.log_in(password=WRONG) for thief in thieves))

    assert len(compared) == 50


async def test_successes_do_not_block_new_networks(limited: OtherApp) -> None:
    """A program may log in every minute."""
    ada = Actor(limited.client)
    await ada.register()
    for _ in range(60):
        assert (await ada.log_in()).status == 200

    assert (await from_ip(ada, NEW_NETWORK).log_in()).status == 200


async def test_successes_do_not_end_the_block_of_new_networks(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_many_networks(ada, 50)

    for _ in range(3):
        assert (await ada.log_in()).status == 200

    assert (await from_ip(ada, NEW_NETWORK).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


@pytest.mark.parametrize("username", ["ada", "unknown"])
async def test_refused_attempt_does_not_count_for_its_network(limited: OtherApp, username: str) -> None:
    """The block of new networks must not use up the five free failures of each network."""
    ada = Actor(limited.client)
    await ada.register()
    newcomer = from_ip(Actor(limited.client, username=username), NEW_NETWORK)
    await fail_from_many_networks(newcomer, 50)
    for _ in range(5):
        assert (await newcomer.log_in(password=WRONG)).outcome == (429, "TOO_MANY_ATTEMPTS")

    await age_counters(HOUR)

    outcomes = [(await newcomer.log_in(password=WRONG)).outcome for _ in range(6)]
    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]
