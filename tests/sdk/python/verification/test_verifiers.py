"""The two classes: threads, forks, event loops, and their settings."""

import asyncio
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from auth_api_sdk import AsyncTokenVerifier, TokenVerifier, Unavailable
from auth_api_sdk.testing import TestIssuer
from tests.support.processes import free_port

pytestmark = pytest.mark.engine_independent

ISSUER, AUDIENCE = "https://auth.example.com", "auth_api"


@pytest.mark.parametrize("kind", [AsyncTokenVerifier, TokenVerifier])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("auth.example.com", AUDIENCE), "PUBLIC_URL"),
        (("https://", AUDIENCE), "PUBLIC_URL"),
        (("https://[x", AUDIENCE), "PUBLIC_URL"),
        (("https://auth.example.com:99999", AUDIENCE), "PUBLIC_URL"),
        ((ISSUER, ""), "audience is empty"),
        ((ISSUER, []), "audience is empty"),
        ((ISSUER, AUDIENCE, {"service_key": "auth_svc_a\n"}), "line break"),
        ((ISSUER, AUDIENCE, {"service_key": "clé"}), "not ASCII"),
        ((ISSUER, AUDIENCE, {"mode": "remote"}), "access:check"),
        ((ISSUER, AUDIENCE, {"mode": "online", "service_key": "auth_svc_x9"}), "mode is 'online'"),
        ((ISSUER, AUDIENCE, {"service_key": " "}), "empty"),
    ],
)
def test_wrong_settings_are_refused_at_once(kind: Any, arguments: tuple[Any, ...], text: str) -> None:
    *positional, options = arguments if isinstance(arguments[-1], dict) else (*arguments, {})
    with pytest.raises(ValueError, match=text):
        kind(*positional, **options)


def test_synchronous_verifier_works_in_many_threads(auth_issuer: TestIssuer) -> None:
    verifier = TokenVerifier(ISSUER, AUDIENCE)
    auth_issuer.serve(verifier)
    tokens = [auth_issuer.token(str(number)) for number in range(200)]

    with ThreadPoolExecutor(16) as pool:
        subjects = [principal.subject for principal in pool.map(verifier.verify, tokens * 3)]

    assert subjects == [str(number) for number in range(200)] * 3
    verifier.close()


def test_synchronous_verifier_works_after_a_fork_and_a_close(auth_issuer: TestIssuer) -> None:
    verifier = TokenVerifier(ISSUER, AUDIENCE, service_key="auth_svc_secret")
    auth_issuer.serve(verifier)
    auth_issuer.allow("notes:read", "7")
    token = auth_issuer.token("7")
    assert verifier.missing_permission(token, ["notes:read"]) is None

    child = os.fork()
    if child == 0:  # only the exit status leaves the child
        os._exit(0 if verifier.missing_permission(auth_issuer.token("7"), ["notes:read"]) is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    verifier.close()
    assert not [each for each in threading.enumerate() if each.name == "auth_api_sdk" and each.is_alive()]
    assert verifier.missing_permission(auth_issuer.token("7"), ["notes:read"]) is None
    verifier.close()


def test_asynchronous_verifier_works_in_one_event_loop_after_another(auth_issuer: TestIssuer) -> None:
    verifier = AsyncTokenVerifier(ISSUER, AUDIENCE, service_key="auth_svc_secret")
    auth_issuer.serve(verifier)
    auth_issuer.allow("notes:read", "7")

    for _ in range(2):
        missing = verifier.missing_permission(auth_issuer.token("7"), ["notes:read"])
        assert asyncio.run(missing) is None


async def test_unreachable_server_does_not_stop_the_start_and_no_line_has_a_secret(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    token = TestIssuer().token()
    issuer = f"http://127.0.0.1:{free_port()}"
    with caplog.at_level(logging.DEBUG):
        async with AsyncTokenVerifier(issuer, AUDIENCE, service_key="auth_svc_x9") as verifier:
            with pytest.raises(Unavailable) as raised:
                await verifier.verify(token)

    assert raised.value.retry_after == 1
    text = caplog.text + repr(raised.value)
    assert f"The public keys cannot be read: OFFLINE: {issuer}/.well-known/jwks.json could not be reached (" in text
    assert token not in text
    assert "auth_svc_x9" not in text


def test_nothing_is_started_by_the_construction() -> None:
    before = threading.active_count()
    TokenVerifier(ISSUER, AUDIENCE, service_key="auth_svc_secret")

    assert threading.active_count() == before
