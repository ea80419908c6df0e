"""What changes the tokens of a session while a request is under way, and the log-out."""

from typing import Any, Final

import httpx2
import pytest

from auth_api_sdk import SignedOut, Tokens
from tests.sdk.python.fake_server import REFRESH, Answer, Subject, pair, problem, refresh_token_of, settled, stored
from tests.sdk.python.test_operations import STEPPED_UP
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.engine_independent

LOGOUT: Final = "/api/auth/logout"


async def test_tokens_of_a_password_change_are_kept(fresh: Subject) -> None:
    fresh.server.on("POST /api/user/password", (200, pair(9)))
    await settled(fresh.session.call(lambda token: fresh.client.change_password(token, "new")))
    assert refresh_token_of(fresh) == "rt_9"
    await settled(fresh.session.request("POST", "/api/user/password", json={"new_password": "newer"}))
    assert await settled(fresh.session.access_token()) == "access-9"


async def test_token_of_a_step_up_is_kept_with_the_refresh_token(fresh: Subject) -> None:
    fresh.store.clear("rt_1")
    fresh.store.replace(None, stored(1, age=1000))
    fresh.server.on("POST /api/auth/step-up", (200, STEPPED_UP))
    await settled(fresh.session.call(lambda token: fresh.client.step_up(token, "totp", code="1")))
    first = fresh.store.load()
    await settled(fresh.session.request("POST", "/api/auth/step-up", json={"method": "totp", "code": "2"}))
    for tokens in (first, fresh.store.load()):
        assert isinstance(tokens, Tokens)
        assert (tokens.access_token, tokens.refresh_token, tokens.expires_in) == ("access-2", "rt_1", 1800)
        assert tokens.received_at == pytest.approx(stored(1).received_at, abs=TIMEOUT_SECONDS)


async def test_step_up_does_not_undo_a_refresh(fresh: Subject) -> None:
    fresh.server.on("POST /api/auth/step-up", (200, STEPPED_UP))
    fresh.server.during = lambda _: fresh.store.replace("rt_1", stored(5)) or None  # type: ignore[assignment]
    await settled(fresh.session.call(lambda token: fresh.client.step_up(token, "totp", code="1")))
    assert (refresh_token_of(fresh), len(fresh.server.requests)) == ("rt_5", 1)


async def test_password_change_replaces_tokens_refreshed_meanwhile(fresh: Subject) -> None:
    fresh.server.on("POST /api/user/password", (200, pair(9)))
    fresh.server.during = lambda _: fresh.store.replace("rt_1", stored(5)) or None  # type: ignore[assignment]
    await settled(fresh.session.call(lambda token: fresh.client.change_password(token, "new")))
    assert refresh_token_of(fresh) == "rt_9"


@pytest.mark.parametrize("operation", [REFRESH, "POST /api/user/password"])
async def test_log_out_during_a_call_ends_the_new_tokens(subject: Subject, operation: str) -> None:
    subject.store.replace(None, stored(1, age=1800 if operation == REFRESH else 0))
    subject.server.on(operation, (200, pair(9)))
    subject.server.on(f"POST {LOGOUT}", (200, {"message": "m"}))
    subject.server.during = lambda now: subject.store.clear("rt_1") if now == operation else None
    if operation == REFRESH:
        with pytest.raises(SignedOut, match="logged-out"):
            await settled(subject.session.access_token())
    else:
        await settled(subject.session.call(lambda token: subject.client.change_password(token, "new")))
    assert subject.store.load() is None
    assert subject.server.sent(LOGOUT) == [{"refresh_token": "rt_9"}]


async def test_refresh_that_another_process_has_done_is_not_repeated(expired: Subject) -> None:
    spent = expired.store.load()
    assert isinstance(spent, Tokens)
    session: Any = expired.session
    expired.store.replace("rt_1", stored(5))
    tokens = await settled(session._refreshed(spent))  # noqa: SLF001 - the other process is between both steps
    assert (tokens.refresh_token, expired.server.requests) == ("rt_5", [])


@pytest.mark.parametrize("answer", [(200, pair(2)), problem(401, "REFRESH_TOKEN_REUSED")])
async def test_login_during_a_refresh_is_kept(expired: Subject, answer: Answer) -> None:
    expired.server.on(REFRESH, answer)
    expired.server.during = lambda _: expired.store.replace("rt_1", stored(5)) or None  # type: ignore[assignment]
    assert await settled(expired.session.access_token()) == "access-5"
    assert refresh_token_of(expired) == "rt_5"


async def test_adopted_tokens_replace_others(fresh: Subject) -> None:
    await settled(fresh.session.adopt(stored(7)))
    assert await settled(fresh.session.access_token()) == "access-7"
    fresh.store.clear("rt_7")
    await settled(fresh.session.adopt(stored(8)))
    assert await settled(fresh.session.access_token()) == "access-8"


@pytest.mark.parametrize("answer", [(200, {"message": "m"}), problem(401, "TOKEN_INVALID"), httpx2.ReadError("reset")])
async def test_log_out_empties_the_store_whatever_the_server_answers(fresh: Subject, answer: Answer) -> None:
    fresh.server.on(f"POST {LOGOUT}", answer)
    fresh.server.during = lambda _: None if fresh.store.load() is None else pytest.fail("first here, then there")
    await settled(fresh.session.logout())
    await settled(fresh.session.logout())
    assert fresh.server.sent(LOGOUT) == [{"refresh_token": "rt_1"}]
    with pytest.raises(SignedOut):
        await settled(fresh.session.access_token())
