"""Names of events, which are public and never change, and the events of throttled logins."""

import re
from typing import Any

import asyncpg
import pytest

from auth_api.credentials.passwords.events import PasswordEvent
from auth_api.events.audit import repository
from auth_api.events.audit.events import EventTag
from auth_api.features import EVENTS
from auth_api.sign_in.events import LoginEvent
from tests.conftest import OtherAppFactory
from tests.support.actors import Actor
from tests.support.counters import age_counters
from tests.support.rows import audit_actions

RELEASED_NAMES = {
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


def test_event_names_are_never_removed() -> None:
    assert {tag.value for tag in EVENTS} >= RELEASED_NAMES


def test_events_of_all_packages_are_listed_once() -> None:
    declared = [tag for kind in EventTag.__subclasses__() for tag in kind]

    assert sorted(EVENTS) == sorted(declared)
    assert len(set(EVENTS)) == len(EVENTS)


def test_event_name_is_subject_and_action() -> None:
    invalid = [tag.value for tag in EVENTS if not re.fullmatch(r"[a-z]+(_[a-z]+)*:[a-z]+(_[a-z]+)*", tag)]

    assert invalid == []
    assert max(map(len, EVENTS)) <= 50


def test_constant_is_the_name_in_capitals() -> None:
    """Except for the oldest, which is shorter."""
    assert [tag.name for tag in EVENTS if tag.name != re.sub(r"\W", "_", tag).upper()] == ["SESSIONS_LOGGED_OUT"]


async def test_failure_that_starts_a_block_is_recorded_and_blocked_logins_are_not(
    app_with: OtherAppFactory,
) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        await ada.register()

        outcomes = [(await ada.log_in(password="Wrong-Horse-7-Staple")).outcome for _ in range(20)]

    assert outcomes == [(401, "INVALID_CREDENTIALS")] * 5 + [(429, "TOO_MANY_ATTEMPTS")] * 15
    assert await audit_actions() == ["account:registered", *["login:failed"] * 4, "login:throttled", "login:failed"]


async def test_each_block_is_recorded(app_with: OtherAppFactory) -> None:
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


@pytest.mark.parametrize(("tag", "failures"), [(LoginEvent.LOGIN_FAILED, 1), (PasswordEvent.LOGIN_THROTTLED, 5)])
async def test_event_of_a_failed_login_is_recorded_again_after_a_conflict(
    app_with: OtherAppFactory, monkeypatch: pytest.MonkeyPatch, tag: EventTag, failures: int
) -> None:
    """For example with a concurrent deletion of the user."""
    append, conflicts = repository.append, iter([asyncpg.SerializationError("a conflict")])

    async def append_after_conflict(recorded: EventTag, **values: Any) -> None:
        if recorded is tag and (conflict := next(conflicts, None)) is not None:
            raise conflict
        await append(recorded, **values)

    monkeypatch.setattr(repository, "append", append_after_conflict)
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        await ada.register()
        responses = [await ada.log_in(password="Wrong-Horse-7-Staple") for _ in range(failures)]

    assert {response.outcome for response in responses} == {(401, "INVALID_CREDENTIALS")}
    assert (await audit_actions()).count(tag) == 1
