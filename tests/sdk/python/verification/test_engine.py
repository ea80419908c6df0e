"""What an engine keeps, and what it waits for."""

import httpx2
import jwt
import pytest

from auth_api_sdk import ConfigurationError, Principal, Unavailable
from auth_api_sdk.requirements import Refusal, requirement
from auth_api_sdk.verification.source import HttpSource
from tests.sdk.python.verification.conftest import ISSUER, BenchFactory

pytestmark = pytest.mark.engine_independent


async def test_known_key_is_not_enough_before_the_first_feed(bench: BenchFactory) -> None:
    given = bench(has_feed=True)
    given.engine.keys.replace((await given.issuer.keys()).document, None, given.clock.now)
    await given.engine.start()
    assert given.engine.verify_known(given.issuer.token()) is None

    await given.pass_time(1)
    assert given.engine.verify_known(given.issuer.token()) is not None


async def test_caches_are_bounded(bench: BenchFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_api_sdk.verification.engine.MAX_CACHED_TOKENS", 10)
    monkeypatch.setattr("auth_api_sdk.verification.checked_tokens.MAX_KEPT", 10)
    local, remote = bench(), bench(mode="remote")
    for given in (local, remote):
        for number in range(50):
            assert await given.verdict(given.issuer.token(str(number))) == "accepted"

    assert len(local.engine._cache) == 10  # noqa: SLF001
    assert len(remote.engine._checked._kept) <= 10  # type: ignore[union-attr] # noqa: SLF001


async def test_setting_that_does_not_fit_genuine_tokens_is_named_once_per_minute(
    bench: BenchFactory, caplog: pytest.LogCaptureFixture
) -> None:
    given = bench(audiences=["notes", "auth_api"])
    other_issuer = given.issuer.token(iss="http://localhost:8000")
    other_audience = given.issuer.token(aud="orders")
    forged = other_issuer[:-8] + "AAAAAAAA"

    for token in (forged, given.issuer.token(expires_in=-1), other_issuer, other_audience, other_issuer):
        await given.verdict(token)
    await given.pass_time(61)
    await given.verdict(other_audience)

    refused = "A token was refused: "
    assert caplog.messages == [
        f"{refused}auth_api issues tokens as 'http://localhost:8000', and issuer is 'https://auth.example.com'.",
        f"{refused}the token is for 'orders', and audience is ['auth_api', 'notes'].",
    ]


async def test_token_that_only_auth_api_can_verify_is_named(
    bench: BenchFactory, caplog: pytest.LogCaptureFixture
) -> None:
    given = bench()
    secret = jwt.encode({"sub": "7"}, "k" * 32, "HS256", {"typ": "at+jwt", "kid": "1"})

    assert [await given.verdict(secret) for _ in range(3)] == ["TOKEN_INVALID"] * 3

    assert len(caplog.messages) == 1
    assert "signed with HS256, which only auth_api can verify. Set JWT_ALGORITHM=EdDSA" in caplog.text


async def test_warning_of_one_kind_does_not_hide_another(bench: BenchFactory, caplog: pytest.LogCaptureFixture) -> None:
    given = bench()
    await given.verdict(given.issuer.token())
    given.source.is_down = True
    await given.pass_time(300)

    await given.verdict(given.issuer.token(aud="orders"))

    kinds = {message.partition(":")[0] for message in caplog.messages}
    assert kinds == {"The public keys cannot be read", "A token was refused"}


async def test_service_key_follows_no_redirect_and_errors_are_outages() -> None:
    sent: list[httpx2.Request] = []
    answers = [
        httpx2.Response(302, headers={"Location": "https://evil.example.com/"}),
        httpx2.Response(200, text="<html>"),
        httpx2.Response(403, json={"error_code": "PERMISSION_DENIED"}),
        httpx2.Response(200, json={"active": "yes"}),
        httpx2.Response(200, json={"active": True, "allowed": ["notes:read"]}),
    ]

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return answers[len(sent) - 1]

    source = HttpSource(ISSUER, "auth_svc_secret", httpx2.MockTransport(answer))
    for call, code in (
        (source.keys(), "HTTP_ERROR"),
        (source.keys(), "HTTP_ERROR"),
        (source.revocations(None), "PERMISSION_DENIED"),
        (source.check("token", []), "HTTP_ERROR"),
        (source.check("token", []), "HTTP_ERROR"),
    ):
        with pytest.raises(Unavailable) as raised:
            await call
        assert raised.value.code == code
    await source.aclose()
    assert [request.headers.get("authorization") for request in sent] == [None, None, *["Bearer auth_svc_secret"] * 3]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (httpx2.Response(404), "was answered with 404 HTTP_ERROR"),
        (httpx2.Response(200, text="<html>"), "is not JSON"),
        (httpx2.ReadTimeout(""), "was not answered in time"),
        (httpx2.ConnectError("[SSL] record layer failure"), "could not be reached ([SSL] record layer failure)"),
        (httpx2.ConnectError(""), "could not be reached (ConnectError)"),
        (httpx2.LocalProtocolError("Illegal header value b'Bearer auth_svc_secret'"), "(LocalProtocolError)"),
    ],
)
async def test_failure_names_the_url_and_the_reason(failure: httpx2.Response | Exception, reason: str) -> None:
    def answer(_: httpx2.Request) -> httpx2.Response:
        if isinstance(failure, Exception):
            raise failure
        return failure

    source = HttpSource("https://auth.example.com:8443/base", "auth_svc_secret", httpx2.MockTransport(answer))
    with pytest.raises(Unavailable) as raised:
        await source.revocations("2026-02-19T10:30:45.123Z")
    await source.aclose()

    assert "https://auth.example.com:8443/base/api/revocations" in raised.value.detail
    assert reason in raised.value.detail
    assert "auth_svc_secret" not in raised.value.detail


async def test_life_of_keys_is_read_from_the_response() -> None:
    for header, seconds in (("public, max-age=600", 600), ("no-store", None), ("s-maxage=60", None), ("MAX-AGE=5", 5)):

        def answer(_: httpx2.Request, header: str = header) -> httpx2.Response:
            return httpx2.Response(200, json={"keys": []}, headers={"Cache-Control": header})

        source = HttpSource(ISSUER, None, httpx2.MockTransport(answer))
        assert (await source.keys()).max_age == seconds
        await source.aclose()


def test_api_key_cannot_prove_an_identity_again() -> None:
    key = Principal(subject="3", kind="key")
    for wanted in ({"acr": "aal1"}, {"max_age": 300}, {"role": "editor", "max_age": 300}):
        with pytest.raises(Refusal, match="SESSION_REQUIRED"):
            requirement(**wanted).check_roles(key)
    with pytest.raises(Refusal, match="PERMISSION_DENIED"):
        requirement(role="editor").check_roles(key)


@pytest.mark.parametrize(
    "required",
    [
        {"role": []},
        {"role": ""},
        {"permission": []},
        {"scope": [""]},
        {"scope": 'a"b'},
        {"scope": "a b"},
        {"scope": "é"},
    ],
)
def test_requirement_without_a_usable_name_is_refused(required: dict[str, list[str] | str]) -> None:
    with pytest.raises(ConfigurationError):
        requirement(**required)  # type: ignore[arg-type]
