"""The search for secrets in the log, which runs at the end of the tests, finds them."""

import httpx
import pytest

from tests.support.secret_recorder import SecretRecorder

pytestmark = pytest.mark.engine_independent

TOKEN = "rt_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"
PASSWORD = 'Correct "Horse" 7'


@pytest.fixture
async def recorder() -> SecretRecorder:
    recorder = SecretRecorder()
    body = {"password": PASSWORD, "refresh_token": TOKEN, "username": "another-person"}
    await recorder.on_request(httpx.Request("POST", "http://testserver", json=body))
    return recorder


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"x{TOKEN}x",
        f'{{"token":"{TOKEN}"}}',
        f"{TOKEN[:8]}{TOKEN}",
        f"person\n{TOKEN[:-1]} {TOKEN}.",
        f"-{TOKEN}",
    ],
)
def test_token_is_found_at_any_position(recorder: SecretRecorder, text: str) -> None:
    assert recorder.found_in(text) == [TOKEN]


def test_password_of_any_characters_is_found(recorder: SecretRecorder) -> None:
    assert recorder.found_in(f"password={PASSWORD}!") == [PASSWORD]


def test_other_values_and_parts_of_secrets_are_not_found(recorder: SecretRecorder) -> None:
    assert recorder.found_in(f"another-person {TOKEN[:-1]} {TOKEN[1:]} {PASSWORD[:-1]}") == []


async def test_recovery_codes_of_a_response_are_found(recorder: SecretRecorder) -> None:
    code = "k7qd-02ht-9xwm-4bve-r6zn-j3ya"
    await recorder.on_response(httpx.Response(201, json={"recovery_codes": [code]}))

    assert recorder.found_in(f"code={code}") == [code]


async def test_secrets_of_forms_pages_and_cookies_are_found(recorder: SecretRecorder) -> None:
    code, key = "k7qd-02ht-9xwm-4bve-r6zn-j3ya", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    cookie, pending = f"bs_{TOKEN[3:]}", f"mfa_{TOKEN[3:]}"
    page = f'<input name="mfa_token" value="{pending}"><code>{code}</code><code>{key}</code><code>NOT_FOUND</code>'
    await recorder.on_request(httpx.Request("POST", "http://testserver", data={"new_password": "Better Horse 8"}))
    headers = {"Set-Cookie": f"auth_session={cookie}; Path=/"}
    await recorder.on_response(httpx.Response(200, html=page, headers=headers))

    expected = sorted([cookie, pending, code, key, "Better Horse 8"])
    assert recorder.found_in(" ".join([*expected, "NOT_FOUND"])) == expected
