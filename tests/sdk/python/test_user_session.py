"""The session of one person: when tokens are refreshed, and what ends it."""

from typing import Final

import httpx2
import pytest

from auth_api_sdk import AuthError, SignedOut
from tests.sdk.python.fake_server import (
    REFRESH,
    USER,
    Answer,
    Subject,
    pair,
    problem,
    refresh_token_of,
    settled,
    stored,
)

pytestmark = pytest.mark.engine_independent

PROFILE: Final = "GET /api/user/profile"


async def test_fresh_token_is_returned_without_a_request(fresh: Subject) -> None:
    assert await settled(fresh.session.access_token()) == "access-1"
    assert fresh.server.requests == []


@pytest.mark.parametrize(("age", "min_seconds", "is_refreshed"), [(1769, 30, False), (1771, 30, True), (0, 1801, True)])
async def test_token_is_refreshed_before_it_expires(
    subject: Subject, age: float, min_seconds: float, is_refreshed: bool
) -> None:
    subject.store.replace(None, stored(1, age=age))
    subject.server.on(REFRESH, (200, pair(2)))
    token = await settled(subject.session.access_token(min_seconds=min_seconds))
    assert token == ("access-2" if is_refreshed else "access-1")
    assert refresh_token_of(subject) == ("rt_2" if is_refreshed else "rt_1")


async def test_token_of_the_future_is_refreshed(subject: Subject) -> None:
    subject.store.replace(None, stored(1, age=-3600))  # the clock was set back by an hour
    subject.server.on(REFRESH, (200, pair(2)))
    assert await settled(subject.session.access_token()) == "access-2"


async def test_empty_store_is_signed_out(subject: Subject) -> None:
    with pytest.raises(SignedOut) as caught:
        await settled(subject.session.access_token())
    assert (caught.value.reason, caught.value.code) == ("logged-out", "AUTHENTICATION_REQUIRED")
    assert caught.value.status == 401
    assert subject.server.requests == []


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("TOKEN_EXPIRED", "expired"),
        ("TOKEN_REVOKED", "revoked"),
        ("TOKEN_INVALID", "revoked"),
        ("REFRESH_TOKEN_REUSED", "reused"),
    ],
)
async def test_refusal_of_a_refresh_ends_the_session(expired: Subject, code: str, reason: str) -> None:
    expired.server.on(REFRESH, problem(401, code))
    with pytest.raises(SignedOut) as caught:
        await settled(expired.session.access_token())
    assert (caught.value.reason, caught.value.code) == (reason, code)
    assert expired.store.load() is None


@pytest.mark.parametrize(
    "answer",
    [
        problem(401, "AUTHENTICATION_REQUIRED"),
        problem(401, "CODE_OF_A_LATER_VERSION"),
        (401, b"<h1>Unauthorized</h1>"),
        (401, {"error": "TOKEN_REVOKED"}),
        problem(400, "TOKEN_INVALID"),
        problem(403, "TOKEN_REVOKED"),
        problem(404, "NOT_FOUND"),
        problem(408, "TOKEN_EXPIRED"),
        problem(429, "RATE_LIMITED"),
        problem(503, "SERVER_OVERLOADED"),
        (200, b"<h1>Sign in to the network</h1>"),
        (302, None),
        httpx2.ReadTimeout("late"),
        httpx2.ConnectError("refused"),
    ],
)
async def test_other_answer_to_a_refresh_keeps_the_session(
    expired: Subject, waits: list[float], answer: Answer
) -> None:
    expired.server.on(REFRESH, answer)
    with pytest.raises(AuthError) as caught:
        await settled(expired.session.access_token())
    assert not isinstance(caught.value, SignedOut)
    assert refresh_token_of(expired) == "rt_1"


async def test_expired_call_is_repeated_once_with_a_new_token(fresh: Subject) -> None:
    fresh.server.on(PROFILE, problem(401, "TOKEN_EXPIRED"), (200, USER))
    user = await settled(fresh.session.call(fresh.client.profile))
    assert user.username == "ada"
    sent = [each.headers.get("Authorization") for each in fresh.server.requests]
    assert sent == ["Bearer access-1", None, "Bearer access-2"]


async def test_call_is_repeated_only_once(fresh: Subject) -> None:
    fresh.server.on(PROFILE, problem(401, "TOKEN_EXPIRED"))
    with pytest.raises(AuthError, match="TOKEN_EXPIRED"):
        await settled(fresh.session.call(fresh.client.profile))
    assert len(fresh.server.requests) == 3
    assert refresh_token_of(fresh) == "rt_2"


@pytest.mark.parametrize("code", ["TOKEN_REVOKED", "TOKEN_INVALID"])
async def test_revoked_call_ends_the_session(fresh: Subject, code: str) -> None:
    fresh.server.on(PROFILE, problem(401, code))
    with pytest.raises(SignedOut) as caught:
        await settled(fresh.session.call(fresh.client.profile))
    assert (caught.value.reason, caught.value.code) == ("revoked", code)
    assert fresh.store.load() is None
    assert len(fresh.server.requests) == 1


@pytest.mark.parametrize("code", ["TOKEN_REVOKED", "TOKEN_INVALID", "TOKEN_EXPIRED"])
async def test_refused_call_is_repeated_with_the_tokens_of_another_process(fresh: Subject, code: str) -> None:
    fresh.server.on(PROFILE, problem(401, code), (200, USER))

    def other_process(operation: str) -> None:
        if operation == PROFILE and refresh_token_of(fresh) == "rt_1":
            assert fresh.store.replace("rt_1", stored(5))

    fresh.server.during = other_process
    await settled(fresh.session.call(fresh.client.profile))
    sent = [each.headers.get("Authorization") for each in fresh.server.requests]
    assert sent == ["Bearer access-1", "Bearer access-5"]


@pytest.mark.parametrize(
    "answer",
    [
        problem(401, "INVALID_CREDENTIALS"),
        problem(403, "STEP_UP_REQUIRED"),
        problem(403, "TOKEN_REVOKED"),
        problem(429, "RATE_LIMITED"),
        problem(503, "SERVER_OVERLOADED"),
        (401, b"<h1>Unauthorized</h1>"),
        httpx2.ReadTimeout("late"),
    ],
)
async def test_other_refusal_of_a_call_keeps_the_session(fresh: Subject, answer: Answer) -> None:
    fresh.server.on(PROFILE, answer)
    with pytest.raises(AuthError) as caught:
        await settled(fresh.session.call(fresh.client.profile))
    assert not isinstance(caught.value, SignedOut)
    assert refresh_token_of(fresh) == "rt_1"
    assert len(fresh.server.requests) == 1
