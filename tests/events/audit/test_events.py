"""The names of events: they are public, and stay for ever."""

import re

from auth_api.events.audit.events import EventTag
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor
from tests.support.counters import age_counters
from tests.support.rows import audit_actions

WRITTEN_ONCE = {
    "account:registered",
    "account:deleted",
    "account:disabled",
    "account:enabled",
    "email:verified",
    "login:succeeded",
    "login:failed",
    "login:throttled",
    "password:changed",
    "password:set",
    "profile:changed",
    "refresh_token:reused",
    "session:evicted",
    "session:logged_out",
    "sessions:ended",
    "sessions:logged_out_everywhere",
}


def test_a_name_that_was_written_once_stays() -> None:
    assert {tag.value for tag in EventTag} >= WRITTEN_ONCE


def test_a_name_is_what_it_happened_to_and_what_happened() -> None:
    odd = [tag.value for tag in EventTag if not re.fullmatch(r"[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*", tag)]

    assert odd == []
    assert max(map(len, EventTag)) <= 50


def test_the_constant_is_the_name_in_capitals() -> None:
    """But for the oldest, which are shorter."""
    assert [tag.name for tag in EventTag if tag.name != re.sub(r"\W", "_", tag).upper()] == ["SESSIONS_LOGGED_OUT"]


async def test_the_failure_that_blocks_the_next_is_noted_and_those_it_blocks_are_not(
    app_with: OtherAppFactory,
) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        await ada.register()

        outcomes = [(await ada.log_in(password="Wrong-Horse-7-Staple")).outcome for _ in range(20)]

    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")] * 15
    assert await audit_actions() == ["account:registered", *["login:failed"] * 4, "login:throttled", "login:failed"]


async def test_each_block_is_noted_and_a_right_password_is_not_one(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        await ada.register()
        for _ in range(5):
            await ada.log_in(password="Wrong-Horse-7-Staple")
        await age_counters(31)
        await ada.log_in(password="Wrong-Horse-7-Staple")
        await age_counters(61)

        assert (await ada.log_in()).status == 200

    assert (await audit_actions()).count("login:throttled") == 2
