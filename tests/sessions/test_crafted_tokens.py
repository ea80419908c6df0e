"""Access tokens that are signed with the right key but have an unexpected header, claim or form."""

import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest

from auth_api.kit.crypto.passwords import UNUSABLE_HASH
from auth_api.users.tables import UserRow
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.rows import age_sessions

Craft = Callable[..., str]


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    return await user_factory()


@pytest.fixture
def craft(ada: Actor, environ: dict[str, str]) -> Craft:
    """Return a function that signs the access token again with changed header or claims; None removes a claim."""

    def sign(
        *, header: dict[str, Any] | None = None, key: str | None = None, algorithm: str = "HS256", **claims: Any
    ) -> str:
        payload = jwt.decode(ada.access_token, options={"verify_signature": False}) | claims
        headers = jwt.get_unverified_header(ada.access_token) | (header or {})
        return jwt.encode(
            {name: value for name, value in payload.items() if value is not None},
            environ["JWT_SECRET_KEY"] if key is None else key,
            algorithm=algorithm,
            headers={name: value for name, value in headers.items() if name != "alg"},
        )

    return sign


async def test_unchanged_copy_is_accepted(ada: Actor, craft: Craft) -> None:
    assert (await ada.profile(craft())).status == 200


async def test_unknown_claim_is_ignored(ada: Actor, craft: Craft) -> None:
    assert (await ada.profile(craft(nickname="Ada"))).status == 200


@pytest.mark.parametrize("claims", [{"client_id": "calendar"}, {"scope": "openid"}, {"scope": ""}], ids=str)
async def test_token_for_another_application_is_rejected(ada: Actor, craft: Craft, claims: dict[str, Any]) -> None:
    """It was issued with less power than a login, which the API cannot limit."""
    token = craft(**claims)

    assert (await ada.profile(token)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.log_out(token)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.profile()).status == 200


async def test_token_of_an_earlier_version_is_accepted(ada: Actor, craft: Craft) -> None:
    assert (await ada.profile(craft(amr=None, acr=None, auth_time=None))).status == 200


@pytest.mark.parametrize(("age_seconds", "status"), [(0, 202), (301, 403)])
async def test_session_dates_the_login_of_a_token_of_an_earlier_version(
    ada: Actor, craft: Craft, age_seconds: int, status: int
) -> None:
    """A user without a password changes the e-mail address only soon after a login."""
    token = craft(amr=None, acr=None, auth_time=None)
    await UserRow.update({UserRow.hashed_password: UNUSABLE_HASH}, force=True)
    await age_sessions(seconds=age_seconds)

    response = await ada.call("POST", "/api/user/email", token=token, json={"new_email": "ada@example.org"})

    assert response.status == status


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "rt+jwt"},
        {"typ": "application/at+jwt"},
        {"kid": "unknown"},
        {"kid": ""},
        {"crit": ["exp"]},
    ],
    ids=str,
)
async def test_token_with_another_header_is_rejected(ada: Actor, craft: Craft, header: dict[str, Any]) -> None:
    assert (await ada.profile(craft(header=header))).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512", "none"])
@pytest.mark.filterwarnings("ignore:The HMAC key is")
async def test_token_with_another_algorithm_is_rejected(ada: Actor, craft: Craft, algorithm: str) -> None:
    token = craft(algorithm=algorithm, key="" if algorithm == "none" else None)

    assert (await ada.profile(token)).outcome == (401, "TOKEN_INVALID")


async def test_token_of_an_unknown_key_is_rejected(ada: Actor, craft: Craft) -> None:
    assert (await ada.profile(craft(key="a-key-of-another-server-0123456789-abcdef"))).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("claim", ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sid"])
async def test_token_without_a_required_claim_is_rejected(ada: Actor, craft: Craft, claim: str) -> None:
    assert (await ada.profile(craft(**{claim: None}))).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example.com"},
        {"iss": "http://testserver/"},
        {"aud": "other"},
        {"aud": ["auth_api", "other"]},
        {"sub": "0"},
        {"sub": "-1"},
        {"sub": "ada"},
        {"sub": "01"},
        {"sub": "1 "},
        {"sub": str(2**63)},
        {"sub": "9" * 30},
        {"sid": "1"},
        {"sid": ""},
        {"exp": "9999999999"},
        {"exp": 9999999999.5},
        {"exp": 10**30},
        {"exp": -1},
        {"nbf": "0"},
        {"iat": True},
        {"auth_time": "0"},
        {"client_id": None},
        {"scope": None},
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore:.*claim must be")
async def test_token_with_a_malformed_claim_is_rejected(
    ada: Actor, environ: dict[str, str], claims: dict[str, Any]
) -> None:
    payload = jwt.decode(ada.access_token, options={"verify_signature": False}) | claims
    header = jwt.get_unverified_header(ada.access_token)
    token = jwt.PyJWS().encode(
        json.dumps(payload).encode(), environ["JWT_SECRET_KEY"], algorithm="HS256", headers=header
    )

    assert (await ada.profile(token)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.log_out(token)).outcome == (401, "TOKEN_INVALID")


async def test_token_that_is_not_valid_yet_is_treated_as_expired(ada: Actor, craft: Craft) -> None:
    now = jwt.decode(ada.access_token, options={"verify_signature": False})["iat"]

    assert (await ada.profile(craft(nbf=now + 70))).outcome == (401, "TOKEN_EXPIRED")
    assert (await ada.profile(craft(iat=now + 70))).outcome == (401, "TOKEN_EXPIRED")
    assert (await ada.profile(craft(exp=now - 1, nbf=now + 70))).outcome == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token + "=",
        lambda token: token.replace(".", ". ", 1),
        lambda token: token + ".",
        lambda token: token.rpartition(".")[0],
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: f"{token}.{token}",
        lambda token: f'"{token}"',
        lambda token: token[:-1],
        lambda _: "a.b.c",
        lambda _: "é",
        lambda _: "a" * 9000,
    ],
    ids=range(11),
)
async def test_token_in_another_form_is_rejected(ada: Actor, change: Callable[[str], str]) -> None:
    headers = [(b"authorization", b"Bearer " + change(ada.access_token).encode())]

    response = await ada.client.get("/api/user/profile", headers=headers)

    assert (response.status_code, response.json()["error_code"]) == (401, "TOKEN_INVALID")
    assert response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert (await ada.profile()).status == 200
