"""How a verifier notices what was revoked."""

import logging
from typing import Any

import pytest

from auth_api_sdk.verification.revocations import Revocations
from tests.sdk.python.verification.conftest import Bench, BenchFactory

pytestmark = pytest.mark.engine_independent


async def ready(bench: BenchFactory) -> Bench:
    """Return a verifier that has read everything once."""
    given = bench(has_feed=True)
    await given.pass_time(0.5, step=0.5)
    return given


async def test_end_of_a_session_is_noticed_within_six_seconds(bench: BenchFactory) -> None:
    given = await ready(bench)
    token = given.issuer.token()
    assert await given.verdict(token) == "accepted"

    given.issuer.end_session(token)
    await given.pass_time(6, step=0.1)

    assert await given.verdict(token) == "TOKEN_REVOKED"
    assert await given.verdict(given.issuer.token()) == "accepted"


async def test_tokens_of_a_user_from_before_a_change_have_to_be_refreshed(bench: BenchFactory) -> None:
    given = await ready(bench)
    token, of_another = given.issuer.token("7"), given.issuer.token("8")
    given.issuer.revoke("7")
    await given.pass_time(6)

    assert await given.verdict(token) == "TOKEN_EXPIRED"
    assert await given.verdict(of_another) == "accepted"
    assert await given.verdict(given.issuer.token("7")) == "accepted"


async def test_tokens_of_applications_are_not_in_the_feed(bench: BenchFactory) -> None:
    given = await ready(bench)
    token = given.issuer.token("7", client_id="app_1")
    given.issuer.revoke("7")
    await given.pass_time(6)

    assert await given.verdict(token) == "accepted"


async def test_first_request_waits_for_the_feed_so_that_a_restart_misses_nothing(bench: BenchFactory) -> None:
    given = bench(has_feed=True)
    token = given.issuer.token()
    given.issuer.end_session(token)
    await given.pass_time(1)

    assert await given.verdict(token) == "TOKEN_REVOKED"


async def test_feed_is_asked_for_changes_and_regularly_for_everything(bench: BenchFactory) -> None:
    given = await ready(bench)
    await given.pass_time(239)
    assert [each for each in given.source.asked if each == "all"] == ["all"]
    assert 39 <= sum(each.startswith("since") for each in given.source.asked) <= 60

    await given.pass_time(10)
    assert given.source.asked.count("all") == 2


async def test_outage_of_a_minute_makes_principals_stale_and_warns_once_per_minute(
    bench: BenchFactory, caplog: pytest.LogCaptureFixture
) -> None:
    given = await ready(bench)
    given.source.is_down = True
    with caplog.at_level(logging.WARNING, logger="auth_api_sdk"):
        await given.pass_time(55)
        assert await given.verdict(given.issuer.token()) == "accepted"
        await given.pass_time(10)
        assert await given.verdict(given.issuer.token()) == "stale"
        await given.pass_time(115)

    assert len(caplog.messages) == 3
    given.source.is_down = False
    await given.pass_time(7)
    assert await given.verdict(given.issuer.token()) == "accepted"


async def test_revocation_stays_known_during_an_outage(bench: BenchFactory) -> None:
    given = await ready(bench)
    token = given.issuer.token(expires_in=1800)
    given.issuer.end_session(token)
    await given.pass_time(6)
    given.source.is_down = True

    given.clock.now += 1700
    assert await given.verdict(token) == "TOKEN_REVOKED"


async def test_malformed_feed_changes_nothing(bench: BenchFactory) -> None:
    given = await ready(bench)
    token = given.issuer.token()
    given.issuer.end_session(token)
    await given.pass_time(6)
    malformed: list[Any] = [[], {}, {"as_of": 7, "window_seconds": "x"}, "text", {"as_of": "x", "window_seconds": 1}]
    malformed.append(feed(window_seconds=10**400))
    for document in malformed:
        given.source.feed_document = document or {"sessions": None}
        await given.pass_time(7)

    assert await given.verdict(token) == "TOKEN_REVOKED"
    assert await given.verdict(given.issuer.token()) == "accepted"


def feed(**members: Any) -> dict[str, Any]:
    usual = {"as_of": "2027-01-15T08:00:00Z", "window_seconds": 60, "all_issued_before": None}
    return {**usual, "sessions": [], "subjects": [], **members}


async def test_too_long_feed_revokes_all_earlier_tokens(bench: BenchFactory) -> None:
    given = await ready(bench)
    token = given.issuer.token()
    given.engine.revocations.add(
        feed(sessions=[str(number) for number in range(100_000)], as_of="2027-01-15T09:00:00Z"),
        given.clock.now,
        is_full=False,
    )

    assert len(given.engine.revocations._sessions) == 0  # noqa: SLF001
    assert await given.verdict(token) == "TOKEN_EXPIRED"


async def test_date_for_all_never_goes_back(bench: BenchFactory) -> None:
    given = await ready(bench)
    token = given.issuer.token()
    given.engine.revocations.add(feed(all_issued_before="2027-01-15T09:00:00Z"), given.clock.now, is_full=True)
    given.engine.revocations.add(feed(), given.clock.now, is_full=True)

    assert await given.verdict(token) == "TOKEN_EXPIRED"


def test_entries_are_forgotten_after_the_window() -> None:
    known = Revocations()
    subjects = [{"sub": "7", "issued_before": "2027-01-15T08:00:00Z"}]
    known.add(feed(sessions=["a"], subjects=subjects), 0.0, is_full=True)
    known.add(feed(sessions=["b"]), 59.0, is_full=True)
    assert (set(known._sessions), set(known._subjects)) == ({"a", "b"}, {"7"})  # noqa: SLF001

    known.add(feed(), 61.0, is_full=True)
    assert (set(known._sessions), set(known._subjects)) == ({"b"}, set())  # noqa: SLF001


def test_later_date_of_a_subject_wins() -> None:
    known = Revocations()
    for hour in ("09", "08"):
        known.add(feed(subjects=[{"sub": "7", "issued_before": f"2027-01-15T{hour}:00:00Z"}]), 0.0, is_full=False)

    assert known._subjects["7"][0] == 1_800_003_600.0  # noqa: SLF001
