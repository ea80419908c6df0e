"""The account throttle never becomes a weapon: who guesses from elsewhere does not lock the owner out."""

import asyncio

import pytest

from tests.conftest import OtherApp
from tests.support.actors import Actor
from tests.support.client_ips import from_ip
from tests.support.counters import age_counters
from tests.support.counting import counted_verifications
from tests.support.rows import age_sessions

pytestmark = pytest.mark.slow

WRONG = "Not-the-1-password"
NEW_NETWORK = "198.51.100.200"
HOUR = 60 * 60


async def fail_from_everywhere(person: Actor, failures: int) -> list[tuple[int, str]]:
    """Fail so often, from as many networks as that takes: four times from each."""
    places = [from_ip(person, f"198.51.100.{number // 4}") for number in range(failures)]
    return [(await place.log_in(password=WRONG)).outcome for place in places]


async def test_a_wait_in_one_network_is_none_in_another(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    thief = from_ip(ada, NEW_NETWORK)
    for _ in range(5):
        await thief.log_in(password=WRONG)

    assert (await thief.log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await ada.log_in()).status == 200


async def test_a_success_forgives_its_own_network_alone(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    thief = from_ip(ada, NEW_NETWORK)
    for _ in range(4):
        await ada.log_in(password=WRONG)
        await thief.log_in(password=WRONG)

    assert (await ada.log_in()).status == 200

    theirs = [(await thief.log_in(password=WRONG)).outcome for _ in range(2)]
    hers = [(await ada.log_in(password=WRONG)).outcome for _ in range(6)]
    assert theirs == [(401, "INVALID_CREDENTIALS"), (429, "TOO_MANY_ATTEMPTS")]
    assert hers == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_addresses_of_one_ipv6_network_share_its_counter(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    for number in range(5):
        await from_ip(ada, f"2001:db8:0:1::{number}").log_in(password=WRONG)

    assert (await from_ip(ada, "2001:db8:0:1:ffff::1").log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await from_ip(ada, "2001:db8:0:2::1").log_in()).status == 200


async def test_sessions_go_on_and_are_renewed_during_a_wait(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    for _ in range(5):
        await Actor(limited.client).log_in(password=WRONG)

    assert (await Actor(limited.client).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")
    assert (await ada.profile()).status == 200
    assert (await ada.refresh()).status == 200
    assert (await ada.profile()).status == 200


async def test_fifty_failures_from_everywhere_close_the_account_to_new_networks(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()

    failures = await fail_from_everywhere(ada, 50)
    with counted_verifications() as compared:
        refused = await from_ip(ada, NEW_NETWORK).log_in()

    assert failures == [(401, "INVALID_CREDENTIALS")] * 50
    assert refused.outcome == (429, "TOO_MANY_ATTEMPTS")
    assert 25 < int(refused.response.headers["Retry-After"]) <= 30
    assert compared == []


async def test_an_account_that_does_not_exist_is_closed_alike(limited: OtherApp) -> None:
    nobody = Actor(limited.client)

    failures = await fail_from_everywhere(nobody, 50)

    assert failures == [(401, "INVALID_CREDENTIALS")] * 50
    assert (await from_ip(nobody, NEW_NETWORK).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_a_closed_account_opens_after_the_wait_and_every_failure_closes_it_for_twice_as_long(
    limited: OtherApp,
) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_everywhere(ada, 50)

    await age_counters(30)
    outcomes = [(await from_ip(ada, f"192.0.2.{number}").log_in(password=WRONG)).outcome for number in range(2)]
    refused = await from_ip(ada, NEW_NETWORK).log_in()

    assert outcomes == [(401, "INVALID_CREDENTIALS"), (429, "TOO_MANY_ATTEMPTS")]
    assert 55 < int(refused.response.headers["Retry-After"]) <= 60


async def test_an_account_is_open_to_all_an_hour_later(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_everywhere(ada, 50)

    await age_counters(HOUR)

    places = [from_ip(ada, f"192.0.2.{number}") for number in range(3)]
    assert [(await place.log_in(password=WRONG)).outcome for place in places] == [(401, "INVALID_CREDENTIALS")] * 3
    assert (await from_ip(ada, NEW_NETWORK).log_in()).status == 200


async def test_the_owners_network_stays_open(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_everywhere(ada, 50)

    assert (await ada.log_in()).status == 200
    assert (await ada.log_out()).status == 200
    assert (await ada.log_in()).status == 200


async def test_a_network_counts_as_the_owners_for_thirty_days(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_everywhere(ada, 50)

    await age_sessions(days=29, hours=23)
    before = await ada.log_in(password=WRONG)
    await age_sessions(hours=2)
    after = await ada.log_in()

    assert before.outcome == (401, "INVALID_CREDENTIALS")
    assert after.outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_a_network_that_is_known_for_another_account_is_new_to_this_one(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    neighbour = Actor(limited.client, username="grace", email="grace@example.com")
    await from_ip(neighbour, NEW_NETWORK).register()
    await fail_from_everywhere(ada, 50)

    assert (await from_ip(ada, NEW_NETWORK).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


async def test_guesses_from_the_owners_network_still_have_to_wait(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_everywhere(ada, 50)

    outcomes = [(await ada.log_in(password=WRONG)).outcome for _ in range(6)]

    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]


async def test_sixty_parallel_guesses_from_sixty_networks_evaluate_no_more_than_fifty(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    thieves = [from_ip(ada, f"198.51.100.{number}") for number in range(60)]

    with counted_verifications() as compared:
        await asyncio.gather(*(thief.log_in(password=WRONG) for thief in thieves))

    assert len(compared) == 50


async def test_successes_do_not_close_an_account(limited: OtherApp) -> None:
    """A machine that logs in every minute is no guesser."""
    ada = Actor(limited.client)
    await ada.register()
    for _ in range(60):
        assert (await ada.log_in()).status == 200

    assert (await from_ip(ada, NEW_NETWORK).log_in()).status == 200


async def test_successes_of_the_owner_do_not_open_a_closed_account(limited: OtherApp) -> None:
    ada = Actor(limited.client)
    await ada.register()
    await fail_from_everywhere(ada, 50)

    for _ in range(3):
        assert (await ada.log_in()).status == 200

    assert (await from_ip(ada, NEW_NETWORK).log_in()).outcome == (429, "TOO_MANY_ATTEMPTS")


@pytest.mark.parametrize("username", ["ada", "nobody"])
async def test_what_was_refused_is_no_failure_of_the_network(limited: OtherApp, username: str) -> None:
    """An account closed to new networks must not use up the five failures that each of them has."""
    ada = Actor(limited.client)
    await ada.register()
    newcomer = from_ip(Actor(limited.client, username=username), NEW_NETWORK)
    await fail_from_everywhere(newcomer, 50)
    for _ in range(5):
        assert (await newcomer.log_in(password=WRONG)).outcome == (429, "TOO_MANY_ATTEMPTS")

    await age_counters(HOUR)

    outcomes = [(await newcomer.log_in(password=WRONG)).outcome for _ in range(6)]
    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")]
