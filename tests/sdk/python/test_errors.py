"""How refusals and outages are told apart."""

import pickle
from typing import Any

import httpx
import httpx2
import pytest

from auth_api_sdk import AuthClient, AuthError, Unavailable
from tests.sdk.python.fake_server import URL, Answer, Subject, problem, settled

pytestmark = pytest.mark.engine_independent


async def refusal(subject: Subject, answer: Answer) -> AuthError:
    """Return the error of a login that gets this answer."""
    subject.server.on("POST /api/auth/login", answer)
    with pytest.raises(AuthError) as caught:
        await settled(subject.client.login("ada", "a-secret"))
    assert len(subject.server.requests) == 1, "only a refresh is sent again"
    return caught.value


async def test_problem_document_is_an_error_with_all_members(subject: Subject) -> None:
    errors = [{"field": "password", "code": "required", "message": "Must be present."}]
    error = await refusal(subject, problem(403, "MFA_REQUIRED", errors=errors, mfa_token="mfa_1", methods=["totp"]))
    assert type(error) is AuthError
    assert (error.code, error.status, error.detail) == ("MFA_REQUIRED", 403, "It is MFA_REQUIRED.")
    assert (error.errors, error.request_id, error.retry_after) == (tuple(errors), "r1", None)
    assert (error.problem["mfa_token"], error.problem["methods"]) == ("mfa_1", ["totp"])
    assert "mfa_1" not in f"{error} {error!r}"
    assert pickle.loads(pickle.dumps(error)).code == "MFA_REQUIRED"  # noqa: S301 - the test's own


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_temporary_refusal_is_unavailable(subject: Subject, status: int) -> None:
    error = await refusal(subject, (*problem(status, "SOME_CODE"), {"Retry-After": "7"}))
    assert isinstance(error, Unavailable)
    assert (error.code, error.retry_after) == ("SOME_CODE", 7.0)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422])
async def test_other_refusal_is_not_unavailable(subject: Subject, status: int) -> None:
    assert not isinstance(await refusal(subject, problem(status, "SOME_CODE")), Unavailable)


@pytest.mark.parametrize(
    "body",
    [
        b"<h1>401</h1>",
        b"",
        [],
        {"error": "invalid"},
        {"error_code": 5, "status": 401},
        {"error_code": 5, "status": 502},
        {"error_code": "X", "status": 400},
    ],
)
@pytest.mark.parametrize("status", [401, 502])
async def test_answer_of_a_proxy_has_no_code_of_auth_api(subject: Subject, status: int, body: Any) -> None:
    error = await refusal(subject, (status, body, {"X-Request-ID": "r9", "Retry-After": "soon"}))
    assert (error.code, error.status, error.request_id, error.retry_after) == ("HTTP_ERROR", status, "r9", None)
    assert isinstance(error, Unavailable) == (status == 502)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (httpx2.ConnectError("refused"), "OFFLINE"),
        (httpx2.ReadError("reset"), "OFFLINE"),
        (httpx2.RemoteProtocolError("closed"), "OFFLINE"),
        (httpx2.DecodingError("not gzip"), "OFFLINE"),
        (httpx2.ConnectTimeout("late"), "TIMEOUT"),
        (httpx2.ReadTimeout("late"), "TIMEOUT"),
        (httpx.ReadTimeout("late"), "TIMEOUT"),
        (httpx.ConnectError("refused"), "OFFLINE"),
    ],
)
async def test_failure_of_the_network_is_unavailable(subject: Subject, error: Exception, code: str) -> None:
    raised = await refusal(subject, error)
    assert isinstance(raised, Unavailable)
    assert (raised.code, raised.status) == (code, 0)
    assert raised.__cause__ is error


@pytest.mark.parametrize("error", [httpx2.UnsupportedProtocol("x"), httpx2.InvalidURL("x"), RuntimeError("closed")])
async def test_fault_of_the_program_is_not_hidden(subject: Subject, error: Exception) -> None:
    subject.server.on("POST /api/auth/login", error)
    with pytest.raises(type(error)):
        await settled(subject.client.login("ada", "pw"))


async def test_timeout_is_passed_to_the_library() -> None:
    seen = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.extensions["timeout"])
        return httpx2.Response(204)

    with httpx2.Client(transport=httpx2.MockTransport(handle), timeout=99) as http:
        AuthClient(URL, http=http).end_session("a", "s")
        AuthClient(URL, http=http, timeout=3).end_session("a", "s")
    assert seen == [dict.fromkeys(("connect", "read", "write", "pool"), seconds) for seconds in (10.0, 3)]


def test_own_client_stays_open_and_another_one_is_made_again() -> None:
    with httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(204))) as http:
        with AuthClient(URL, http=http) as client:
            client.end_session("a", "s")
        assert not http.is_closed
    lazy = AuthClient("http://127.0.0.1:9")
    lazy.close()
    for _ in range(2):
        with lazy, pytest.raises(Unavailable, match="OFFLINE"):
            lazy.end_session("a", "s")
