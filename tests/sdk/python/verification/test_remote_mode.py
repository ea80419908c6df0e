"""Verification by asking auth_api about each token."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from auth_api_sdk import Unavailable
from tests.sdk.python.verification.conftest import BenchFactory

pytestmark = pytest.mark.engine_independent


async def test_answer_is_kept_for_five_seconds(bench: BenchFactory) -> None:
    given = bench(mode="remote")
    token = given.issuer.token("7", roles=["editor"])

    verdicts = await asyncio.gather(*(given.verdict(token) for _ in range(20)))
    given.clock.now += 4.9
    verdicts.append(await given.verdict(token))
    assert (set(verdicts), given.source.asked) == ({"accepted"}, ["check"])
    assert (await given.engine.verify(token)).roles == {"editor"}

    given.issuer.end_session(token)
    given.clock.now += 0.1
    assert await given.verdict(token) == "TOKEN_REVOKED"
    assert await given.verdict(token) == "TOKEN_REVOKED"
    assert given.source.asked == ["check"] * 3  # refusals are not kept


async def test_hopeless_tokens_are_refused_without_a_question(bench: BenchFactory) -> None:
    given = bench(mode="remote")

    assert await given.verdict(given.issuer.token(expires_in=-1)) == "TOKEN_EXPIRED"
    assert await given.verdict(given.issuer.token(client_id="app_1")) == "TOKEN_INVALID"
    for token in ("a.b.c", "x", "rt_secret", "Bearer auth_svc_secret"):
        assert await given.verdict(token) == "TOKEN_INVALID"
    assert await given.verdict("x" * 8193) == "TOKEN_INVALID"
    assert given.source.asked == []


async def test_kept_answer_ends_with_the_token(bench: BenchFactory) -> None:
    given = bench(mode="remote")
    token = given.issuer.token(expires_in=2)
    assert await given.verdict(token) == "accepted"

    given.clock.now += 3
    assert await given.verdict(token) == "TOKEN_EXPIRED"


async def test_api_key_is_a_principal_without_roles(bench: BenchFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    given = bench(mode="remote")
    answer: dict[str, Any] = {
        "active": True,
        "subject": {"type": "service_account", "id": 3},
        "expires_at": "2027-01-15T09:00:00.000Z",
        "allowed": {},
    }

    async def check(*_: object) -> Any:
        return answer

    monkeypatch.setattr(given.source, "check", check)
    principal = await given.engine.verify("auth_svc_secret")
    assert (principal.kind, principal.subject, principal.expires_at) == ("key", "3", 1_800_003_600)
    assert principal.roles == frozenset()

    answer.pop("subject")
    assert await given.verdict("auth_svc_other") == "unavailable"


async def test_outage_is_unavailable(bench: BenchFactory) -> None:
    given = bench(mode="remote")
    given.source.is_down = True

    assert await given.verdict(given.issuer.token()) == "unavailable"


async def test_permissions_are_asked_for_and_kept(bench: BenchFactory) -> None:
    given = bench()
    token = given.issuer.token("7")
    given.issuer.allow("notes:read", "7")
    missing = given.engine.missing_permission

    assert await missing(token, ["notes:read"]) is None
    assert await missing(token, ["notes:read"]) is None
    assert await missing(token, ["notes:read", "notes:write"]) == "notes:write"
    assert given.source.asked == ["check", "check"]


async def test_refused_service_key_is_logged_without_a_secret(
    bench: BenchFactory, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = bench(mode="remote")
    token = given.issuer.token()

    async def refuse(token: str, permissions: Sequence[str]) -> None:
        raise Unavailable(code="PERMISSION_DENIED", status=403)

    monkeypatch.setattr(given.source, "check", refuse)
    assert [await given.verdict(token) for _ in range(2)] == ["unavailable"] * 2

    assert len(caplog.messages) == 1
    assert caplog.messages[0].endswith("The service key is refused, or lacks the scope access:check.")
    assert token not in caplog.text
