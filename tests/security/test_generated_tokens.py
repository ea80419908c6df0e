"""RFC 8725: of all generated texts, only an issued token is accepted."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_api.services import Services
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.forgeries import claims_of, header_of, signed
from tests.support.generated_input import REQUEST_EXAMPLES, cases, json_values, stop_recording_secrets
from tests.support.statements import recorded

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ ~"
CLAIMS = ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid"]


@pytest.fixture(autouse=True)
def unrecorded(client: httpx.AsyncClient) -> None:
    stop_recording_secrets(client)


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory()


@pytest.fixture
def key(environ: dict[str, str]) -> bytes:
    return environ["JWT_SECRET_KEY"].encode()


@cases(2 * REQUEST_EXAMPLES)
@given(position=st.integers(0, 10_000), replacement=st.text(st.sampled_from(ALPHABET), max_size=2))
async def test_token_with_one_changed_character_is_rejected(
    ada: Actor, services: Services, position: int, replacement: str
) -> None:
    token = ada.access_token
    start = position % len(token)
    changed = token[:start] + replacement + token[start + 1 :]
    if changed.strip(" ") == token:
        return

    with recorded(services.core.database.engine) as statements:
        response = await ada.profile(changed)

    assert response.outcome == (401, "TOKEN_INVALID")
    assert statements == []


@cases(REQUEST_EXAMPLES)
@given(text=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300))
async def test_any_text_is_rejected_as_an_access_token(ada: Actor, services: Services, text: str) -> None:
    with recorded(services.core.database.engine) as statements:
        responses = [await ada.profile(text), await ada.log_out(text)]

    assert [response.outcome for response in responses] == [(401, "TOKEN_INVALID")] * 2
    assert statements == []


@cases(REQUEST_EXAMPLES)
@given(claim=st.sampled_from(CLAIMS), value=json_values(leaves=3))
async def test_signed_token_with_any_claim_value_is_accepted_or_rejected(
    ada: Actor, key: bytes, claim: str, value: Any
) -> None:
    claims = claims_of(ada.access_token)

    response = await ada.profile(signed(header_of(ada.access_token), {**claims, claim: value}, key))

    is_harmless = claim in {"jti", "iat", "nbf"} or value == claims[claim]
    assert response.status == 401 or is_harmless
    assert response.status in {200, 401}


@cases(REQUEST_EXAMPLES)
@given(name=st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "zip", "x"]), value=json_values(leaves=3))
async def test_signed_token_with_any_header_value_is_accepted_or_rejected(
    ada: Actor, key: bytes, name: str, value: Any
) -> None:
    header = header_of(ada.access_token)

    response = await ada.profile(signed({**header, name: value}, claims_of(ada.access_token), key))

    is_harmless = name in {"jwk", "zip", "x"} or (name, value) in header.items()
    assert response.outcome == ((200, "") if is_harmless else (401, "TOKEN_INVALID"))


@cases(REQUEST_EXAMPLES)
@given(payload=json_values())
async def test_signed_token_with_any_other_payload_is_rejected(ada: Actor, key: bytes, payload: Any) -> None:
    text = json.dumps(payload)

    assert (await ada.profile(signed(header_of(ada.access_token), text, key))).outcome == (401, "TOKEN_INVALID")


@cases(REQUEST_EXAMPLES)
@given(text=st.text(max_size=600) | st.from_regex(r"rt_[A-Za-z0-9_-]{40,46}", fullmatch=True))
async def test_any_text_is_rejected_as_a_refresh_token(ada: Actor, text: str) -> None:
    response = await ada.try_refresh(text)

    assert response.outcome == (401, "TOKEN_INVALID")
