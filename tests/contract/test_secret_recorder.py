"""The search of the log at the end of the tests finds what it is for."""

import httpx
import pytest

from tests.support.secret_recorder import SecretRecorder

pytestmark = pytest.mark.engine_independent

TOKEN = "rt_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ"
PASSWORD = 'Correct "Horse" 7'


@pytest.fixture
async def seen() -> SecretRecorder:
    seen = SecretRecorder()
    body = {"password": PASSWORD, "refresh_token": TOKEN, "username": "somebody-else"}
    await seen.on_request(httpx.Request("POST", "http://testserver", json=body))
    return seen


@pytest.mark.parametrize(
    "text",
    [
        TOKEN,
        f"x{TOKEN}x",
        f'{{"token":"{TOKEN}"}}',
        f"{TOKEN[:8]}{TOKEN}",
        f"somebody\n{TOKEN[:-1]} {TOKEN}.",
        f"-{TOKEN}",
    ],
)
def test_a_token_is_found_wherever_it_stands(seen: SecretRecorder, text: str) -> None:
    assert seen.found_in(text) == [TOKEN]


def test_a_password_of_any_characters_is_found(seen: SecretRecorder) -> None:
    assert seen.found_in(f"password={PASSWORD}!") == [PASSWORD]


def test_what_is_no_secret_and_what_is_but_a_part_of_one_is_not_found(seen: SecretRecorder) -> None:
    assert seen.found_in(f"somebody-else {TOKEN[:-1]} {TOKEN[1:]} {PASSWORD[:-1]}") == []
