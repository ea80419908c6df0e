"""Requests of applications: each change happens once, in the browser that the request belongs to, and in time."""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest

from auth_api.kit.clock import utc_now
from auth_api.kit.crypto.tokens import BROWSER_ID, digest, new_token
from auth_api.oauth.clients.tables import OAuthClientRow
from auth_api.oauth.requests.request import Decider, OAuthRequest, RequestKind, RequestParameters, RequestState
from auth_api.oauth.requests.service import OAuthRequests
from auth_api.oauth.requests.tables import OAuthRequestRow
from auth_api.services import Services
from tests.support.aged_rows import add_session, add_user, ago
from tests.support.oauth_rows import add_client_row

BROWSER, OTHER_BROWSER = new_token(BROWSER_ID).raw, new_token(BROWSER_ID).raw
PARAMETERS = RequestParameters(
    redirect_uri="https://app.example.com/callback", scopes=("openid", "email"), prompt=("login",), max_age=0, nonce="ö"
)


@pytest.fixture
def requests(services: Services) -> OAuthRequests:
    return OAuthRequests(database=services.core.database, clock=services.core.clock)


async def opened(requests: OAuthRequests, browser: str | None = BROWSER) -> str:
    client_id = await add_client_row()
    return await requests.open(RequestKind.AUTHORIZE, client_id, PARAMETERS, browser=browser)


async def found(requests: OAuthRequests, raw: str) -> OAuthRequest:
    request = await requests.find(raw, BROWSER)
    assert request is not None
    return request


async def add_decider() -> Decider:
    user_id = await add_user()
    return Decider(user_id=user_id, session_id=await add_session(user_id, absolute_end=utc_now()))


async def in_parallel(work: Callable[[], Awaitable[object]]) -> list[object]:
    return list(await asyncio.gather(*(work() for _ in range(20))))


async def test_request_belongs_to_its_browser_and_expires(requests: OAuthRequests) -> None:
    raw = await opened(requests)

    request = await found(requests, raw)
    strangers = [await requests.find(raw, OTHER_BROWSER), await requests.find(f"{raw}A", BROWSER)]
    await OAuthRequestRow.update({OAuthRequestRow.expires_at: ago(seconds=1)}, force=True)

    assert (request.parameters, request.state, request.kind) == (PARAMETERS, RequestState.OPEN, RequestKind.AUTHORIZE)
    assert (request.user_id, request.session_id, request.grant_id) == (None, None, None)
    assert strangers == [None, None]
    assert await requests.find(raw, BROWSER) is None
    assert not await requests.approve(request, await add_decider())
    (row,) = await OAuthRequestRow.select(OAuthRequestRow.public_hash, OAuthRequestRow.binding_hash)
    assert row == {"public_hash": digest(raw), "binding_hash": digest(BROWSER)}


async def test_unbound_request_belongs_to_the_first_browser_that_asks_for_it(requests: OAuthRequests) -> None:
    raw = await opened(requests, browser=None)
    assert await requests.find(raw, BROWSER) is None

    bound = await in_parallel(lambda: requests.bind(raw, BROWSER))

    assert [*filter(None, bound)] == [await found(requests, raw)]
    assert await requests.bind(raw, OTHER_BROWSER) is None


async def test_request_is_decided_once_and_by_the_account_that_the_page_shows(requests: OAuthRequests) -> None:
    raw, decider = await opened(requests), await add_decider()
    first = await found(requests, raw)

    shown = await requests.assign(first, decider.user_id)
    assert shown is not None
    assert await requests.assign(shown, decider.user_id) is shown
    assert not await requests.deny(first)
    decisions = await asyncio.gather(
        *(requests.approve(shown, decider) if number % 2 else requests.deny(shown) for number in range(20))
    )

    decided = await found(requests, raw)
    assert decisions.count(True) == 1
    assert decided.step == shown.step + 1
    assert decided.state is (RequestState.APPROVED if decisions.index(True) % 2 else RequestState.DENIED)
    assert (decided.user_id, decided.session_id) == (
        decider.user_id,
        decider.session_id if decided.state is RequestState.APPROVED else None,
    )


async def test_denied_request_is_answered_once_without_a_code(requests: OAuthRequests) -> None:
    raw = await opened(requests)
    await requests.deny(await found(requests, raw))
    denied = await found(requests, raw)

    answers = await in_parallel(lambda: requests.answer(denied))

    assert answers.count(True) == 1
    assert await requests.make_code(denied) is None
    assert (await found(requests, raw)).state is RequestState.ANSWERED


async def test_approved_request_gets_one_code_which_is_redeemed_once(requests: OAuthRequests) -> None:
    raw, decider = await opened(requests), await add_decider()
    await requests.approve(await found(requests, raw), decider)
    approved = await found(requests, raw)

    codes = [code for code in await in_parallel(lambda: requests.make_code(approved)) if isinstance(code, str)]

    (code,) = codes
    request = await requests.find_code(code)
    assert request is not None
    assert (request.id, request.state, request.user_id) == (approved.id, RequestState.CODE, decider.user_id)
    assert request.session_id == decider.session_id
    assert await requests.find_code(f"{code}A") is None
    grants: list[UUID] = [uuid4() for _ in range(20)]
    claims = await asyncio.gather(*(requests.claim(request, grant_id=grant) for grant in grants))
    redeemed = await requests.find_code(code)
    assert claims.count(True) == 1
    assert redeemed is not None
    assert (redeemed.state, redeemed.grant_id) == (RequestState.REDEEMED, grants[claims.index(True)])


async def test_request_that_needs_no_answer_has_a_code_that_expires(requests: OAuthRequests) -> None:
    decider = await add_decider()
    code = await requests.open_with_code(await add_client_row(), PARAMETERS, decider)
    request = await requests.find_code(code)
    assert request is not None
    await OAuthRequestRow.update({OAuthRequestRow.code_expires_at: ago(seconds=1)}, force=True)

    assert not await requests.claim(request, grant_id=uuid4())
    assert await requests.find_code(code) == request
    assert (request.state, request.user_id, request.parameters) == (RequestState.CODE, decider.user_id, PARAMETERS)


async def test_requests_end_with_their_client(requests: OAuthRequests) -> None:
    raw = await opened(requests)

    await OAuthClientRow.delete(force=True)

    assert await requests.find(raw, BROWSER) is None
