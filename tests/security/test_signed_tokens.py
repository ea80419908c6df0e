"""ASVS 5.0 V9.2: a valid signature is not enough. These tokens have the right key and wrong contents."""

import json
import time
from typing import Any

import pytest

from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.forgeries import claims_of, header_of, signed
from tests.support.statements import recorded

pytestmark = pytest.mark.engine_independent

CLAIMS = ("iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid")
INVALID_VALUES: list[Any] = [None, True, [], {}, ["x"], "", "x", -1, 1.5, 10**400, "1" * 5000]
INVALID_CLAIMS = [
    (claim, value)
    for claim in CLAIMS
    for value in INVALID_VALUES
    if not (claim == "jti" and isinstance(value, str))  # any string is a valid token id
]


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory()


@pytest.fixture
def key(environ: dict[str, str]) -> bytes:
    return environ["JWT_SECRET_KEY"].encode()


def changed(token: str, key: bytes, **claims: Any) -> str:
    return signed(header_of(token), {**claims_of(token), **claims}, key)


def spelled(token: str, key: bytes, name: str, value: str) -> str:
    """Return the token with a claim whose value has this spelling in JSON."""
    others = ",".join(
        f'"{other}":{json.dumps(content)}' for other, content in claims_of(token).items() if other != name
    )
    return signed(header_of(token), f'{{{others},"{name}":{value}}}', key)


async def test_token_that_the_others_are_derived_from_is_accepted(ada: Actor, key: bytes) -> None:
    exp = claims_of(ada.access_token)["exp"]

    assert (await ada.profile(changed(ada.access_token, key))).status == 200
    assert (await ada.profile(spelled(ada.access_token, key, "exp", str(exp)))).status == 200


@pytest.mark.parametrize(("claim", "value"), INVALID_CLAIMS, ids=lambda value: f"{value!r:.20}")
async def test_claim_with_an_invalid_value_is_rejected_without_a_statement(
    ada: Actor, key: bytes, services: Services, claim: str, value: Any
) -> None:
    token = changed(ada.access_token, key, **{claim: value})

    with recorded(services.core.database.engine) as statements:
        responses = [await ada.profile(token), await ada.log_out(token)]

    assert [response.outcome for response in responses] == [(401, "TOKEN_INVALID")] * 2
    assert statements == []


@pytest.mark.parametrize("claim", CLAIMS)
async def test_token_with_a_missing_claim_is_rejected(ada: Actor, key: bytes, claim: str) -> None:
    claims = {name: value for name, value in claims_of(ada.access_token).items() if name != claim}

    response = await ada.profile(signed(header_of(ada.access_token), claims, key))

    assert response.outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize(
    "spelling", ["1e400", "1E2", "9" * 400, "-0.0", "NaN", "Infinity", "1" + "0" * 400 + ".5", "0x1"]
)
async def test_number_that_is_not_a_time_is_rejected(ada: Actor, key: bytes, claim: str, spelling: str) -> None:
    token = spelled(ada.access_token, key, claim, spelling)

    responses = [await ada.profile(token), await ada.log_out(token)]

    assert {response.status for response in responses} == {401}


@pytest.mark.parametrize(
    "payload",
    ["", "x", "[]", "null", '"text"', "7", "{", '{"exp": 1}x', "\ufeff{}", "[" * 2000 + "]" * 2000, '{"a":' * 2000],
    ids=lambda payload: f"{payload:.12}",
)
async def test_payload_that_is_not_an_object_is_rejected(ada: Actor, key: bytes, payload: str) -> None:
    response = await ada.profile(signed(header_of(ada.access_token), payload, key))

    assert response.outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "sub", ["0", "-1", "+1", "01", "1 ", " 1", "1\n", "1.0", "1e0", "1_0", "\u0661", "\uff11", "ada"]
)
async def test_subject_has_one_spelling(ada: Actor, key: bytes, sub: str) -> None:
    assert (await ada.profile(changed(ada.access_token, key, sub=sub))).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("number", [2**31, 2**63 - 1])
async def test_subject_that_does_not_exist_has_no_session(ada: Actor, key: bytes, number: int) -> None:
    token = changed(ada.access_token, key, sub=str(number))

    assert (await ada.profile(token)).outcome == (401, "TOKEN_REVOKED")


async def test_session_of_another_user_is_rejected(ada: Actor, user_factory: UserFactory, key: bytes) -> None:
    grace = await user_factory()
    token = changed(ada.access_token, key, sid=claims_of(grace.access_token)["sid"])

    responses = [await ada.profile(token), await ada.log_out(token)]

    assert [response.outcome for response in responses] == [(401, "TOKEN_REVOKED"), (200, "")]
    assert (await grace.profile()).status == 200


@pytest.mark.parametrize("aud", ["auth_api2", "auth_ap", "AUTH_API", "other", "auth_api other"])
async def test_other_audience_is_rejected(ada: Actor, key: bytes, aud: str) -> None:
    assert (await ada.profile(changed(ada.access_token, key, aud=aud))).outcome == (401, "TOKEN_INVALID")
    assert (await ada.profile(changed(ada.access_token, key, aud=["auth_api", aud]))).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "iss", ["http://testserver/", "http://testserve", "https://testserver", "http://testserver:80"]
)
async def test_other_issuer_is_rejected(ada: Actor, key: bytes, iss: str) -> None:
    """CVE-2024-53861: a prefix of the issuer does not match."""
    assert (await ada.profile(changed(ada.access_token, key, iss=iss))).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("typ", ["JWT", "at+JWT", "application/at+jwt", "rt+jwt", "reset+jwt", "", None, ["at+jwt"]])
async def test_other_token_type_is_rejected(ada: Actor, key: bytes, typ: Any) -> None:
    """RFC 8725 §3.11: a token signed for another purpose is not an access token."""
    token = signed({**header_of(ada.access_token), "typ": typ}, claims_of(ada.access_token), key)

    assert (await ada.profile(token)).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "variables",
    [
        {"JWT_SECRET_KEY": "a-secret-of-another-deployment-0123456789"},
        {"JWT_AUDIENCE": "another"},
        {"JWT_ISSUER": "https://another.example.com"},
        {"PUBLIC_URL": "https://another.example.com"},
    ],
    ids=lambda variables: next(iter(variables)),
)
async def test_token_of_another_deployment_is_rejected(
    ada: Actor, app_with: OtherAppFactory, variables: dict[str, str]
) -> None:
    async with app_with(**variables) as other:
        response = await Actor(other.client).profile(ada.access_token)

    assert response.outcome == (401, "TOKEN_INVALID")


async def test_token_from_the_future_is_rejected_beyond_a_minute_of_clock_skew(ada: Actor, key: bytes) -> None:
    now = int(time.time())

    early = [await ada.profile(changed(ada.access_token, key, **{claim: now + 90})) for claim in ("nbf", "iat")]
    within = [await ada.profile(changed(ada.access_token, key, **{claim: now + 50})) for claim in ("nbf", "iat")]

    assert [response.outcome for response in early] == [(401, "TOKEN_EXPIRED")] * 2
    assert [response.status for response in within] == [200, 200]


async def test_all_spellings_of_a_revoked_token_are_rejected(ada: Actor, key: bytes) -> None:
    """ASVS 5.0 V7.4.1: the session is revoked, not the text of a token."""
    token = ada.access_token
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(token[-1])
    spellings = [
        token,
        *(token + padding for padding in ("=", "==", " ", "\t")),
        *(token[:-1] + alphabet[last ^ bits] for bits in (1, 2, 3)),
        changed(token, key),
        changed(token, key, jti="another"),
        changed(token, key, exp=claims_of(token)["exp"] + 60),
    ]
    assert (await ada.profile()).status == 200

    assert (await ada.log_out()).status == 200

    responses = [await ada.profile(spelling) for spelling in spellings]
    assert [response.status for response in responses] == [401] * len(spellings)
    assert responses[0].outcome == (401, "TOKEN_REVOKED")


async def test_token_contains_no_personal_data(ada: Actor) -> None:
    """ASVS 5.0 V14.1.1, RFC 9068 §6: only the user's id and roles, and how and when the user proved their identity."""
    claims = claims_of(ada.access_token)

    assert set(claims) == {*CLAIMS, "amr", "acr", "auth_time", "roles"}
    assert set(header_of(ada.access_token)) == {"alg", "kid", "typ"}
    assert "ada" not in str(claims).lower()
