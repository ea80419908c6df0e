"""Contents of access tokens, and which tokens are accepted."""

import json
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth_api.kit.clock import utc_now
from auth_api.services import Services
from auth_api.sessions.claims import Claims
from auth_api.sessions.tables import SessionRow
from tests.conftest import OtherAppFactory, TokenFactory, UserFactory
from tests.support.actors import Actor
from tests.support.clock import MovableClock
from tests.support.rows import age_sessions
from tests.support.waiting import TIMEOUT_SECONDS


async def first_session() -> SessionRow:
    session = await SessionRow.objects().first()
    assert session is not None
    return session


async def first_session_id() -> uuid.UUID:
    return (await first_session()).id


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


async def test_access_token_header_has_algorithm_kid_and_type(user_factory: UserFactory) -> None:
    ada = await user_factory()

    header = jwt.get_unverified_header(ada.access_token)

    assert header == {"alg": "HS256", "kid": header["kid"], "typ": "at+jwt"}
    assert len(header["kid"]) == 16


async def test_access_token_has_the_claims_of_rfc_9068_and_the_session_id(user_factory: UserFactory) -> None:
    ada = await user_factory()

    claims = claims_of(ada.access_token)

    assert claims == {
        "iss": "http://testserver",
        "aud": "auth_api",
        "sub": str((await ada.profile())["id"]),
        "iat": claims["iat"],
        "nbf": claims["nbf"],
        "exp": claims["exp"],
        "jti": claims["jti"],
        "sid": str(await first_session_id()),
        "amr": ["pwd"],
        "acr": "aal1",
        "auth_time": int((await first_session()).auth_time.timestamp()),
        "roles": [],
    }
    assert claims["exp"] == claims["nbf"] + 1800
    assert 0 <= claims["nbf"] - claims["iat"] < TIMEOUT_SECONDS


async def test_access_token_is_issued_when_its_roles_were_read(services: Services) -> None:
    """Otherwise a process that pauses in between issues a token that services accept after a role was revoked."""
    read_at = utc_now() - timedelta(seconds=7)
    facts = {"user_id": 1, "session_id": uuid.UUID(int=1), "amr": ("pwd",), "auth_time": read_at, "mfa_at": None}
    claims = Claims(**facts, now=read_at)  # type: ignore[arg-type] # the values have several types

    token = claims_of(services.core.sessions.access_tokens.issue(claims, session_ends_in=timedelta(days=1)).raw)

    assert token["iat"] == int(read_at.timestamp())
    assert token["exp"] == token["nbf"] + 1800 >= token["iat"] + 1807


async def test_refreshed_access_token_keeps_how_and_when_the_user_logged_in(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await age_sessions(hours=1)
    logged_in_at = int((await first_session()).auth_time.timestamp())

    rotated = claims_of((await ada.try_refresh())["access_token"])
    repeated = claims_of((await ada.try_refresh())["access_token"])

    for claims in (rotated, repeated):
        assert (claims["amr"], claims["acr"], claims["auth_time"]) == (["pwd"], "aal1", logged_in_at)


async def test_expired_access_token_is_rejected(user_factory: UserFactory, expired_token_factory: TokenFactory) -> None:
    ada = await user_factory()
    token = expired_token_factory(user_id=(await ada.profile())["id"], session_id=await first_session_id())

    response = await ada.profile(token)

    assert response.outcome == (401, "TOKEN_EXPIRED")
    assert response.response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


async def test_cached_access_token_expires(user_factory: UserFactory, clock: MovableClock) -> None:
    clock.stop()
    ada = await user_factory()
    assert (await ada.profile()).status == 200

    clock.move(minutes=29, seconds=58)
    assert (await ada.profile()).status == 200
    clock.move(seconds=3)

    assert (await ada.profile()).outcome == (401, "TOKEN_EXPIRED")


@pytest.mark.parametrize(("seconds", "outcome"), [(58, (200, "")), (62, (401, "TOKEN_EXPIRED"))])
async def test_access_token_from_an_instance_whose_clock_is_ahead_is_accepted_up_to_a_minute(
    user_factory: UserFactory, clock: MovableClock, seconds: int, outcome: tuple[int, str]
) -> None:
    clock.stop()
    clock.move(seconds=seconds)
    ada = await user_factory()
    clock.move(seconds=-seconds)

    assert (await ada.profile()).outcome == outcome


async def test_access_token_of_an_unknown_session_is_revoked(
    user_factory: UserFactory, valid_token_factory: TokenFactory
) -> None:
    ada = await user_factory()
    user_id = (await ada.profile())["id"]

    assert (await ada.profile(valid_token_factory(user_id=user_id, session_id=uuid.uuid4()))).code == "TOKEN_REVOKED"


async def test_access_token_of_another_users_session_is_revoked(
    user_factory: UserFactory, valid_token_factory: TokenFactory
) -> None:
    await user_factory()
    session = await first_session_id()
    grace = await user_factory()
    user_id = (await grace.profile())["id"]

    assert (await grace.profile(valid_token_factory(user_id=user_id, session_id=session))).code == "TOKEN_REVOKED"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_authorization_scheme_is_case_insensitive(user_factory: UserFactory, scheme: str) -> None:
    ada = await user_factory()

    headers = {"Authorization": f"{scheme} {ada.access_token}"}
    assert (await ada.call("GET", "/api/user/profile", token="", headers=headers)).status == 200


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic {token}", "{token}", "Token {token}"])
async def test_challenge_without_a_bearer_token_has_no_error(user_factory: UserFactory, header: str | None) -> None:
    ada = await user_factory()
    headers = {} if header is None else {"Authorization": header.format(token=ada.access_token)}

    response = await ada.call("GET", "/api/user/profile", token="", headers=headers)

    assert response.outcome == (401, "AUTHENTICATION_REQUIRED")
    assert response.response.headers["WWW-Authenticate"] == "Bearer"


async def test_two_authorization_headers_are_rejected(user_factory: UserFactory) -> None:
    ada = await user_factory()
    headers = [("Authorization", f"Bearer {ada.access_token}")] * 2

    response = await ada.client.get("/api/user/profile", headers=headers)

    assert (response.status_code, response.json()["error_code"]) == (401, "TOKEN_INVALID")


async def test_token_works_only_for_its_own_purpose(user_factory: UserFactory) -> None:
    ada = await user_factory()

    assert (await ada.profile(ada.refresh_token)).outcome == (401, "TOKEN_INVALID")
    assert (await ada.try_refresh(ada.access_token)).outcome == (401, "TOKEN_INVALID")
    in_query = await ada.call("GET", f"/api/user/profile?access_token={ada.access_token}", token="")
    assert in_query.outcome == (401, "AUTHENTICATION_REQUIRED")


@pytest.mark.parametrize(
    "variables", [{"JWT_AUDIENCE": "other"}, {"JWT_ISSUER": "https://other.example.com"}], ids=["aud", "iss"]
)
async def test_access_token_of_another_deployment_with_the_same_key_is_invalid(
    app_with: OtherAppFactory, user_factory: UserFactory, variables: dict[str, str]
) -> None:
    ada = await user_factory()
    async with app_with(**variables) as other:
        grace = Actor(other.client, username="grace", email="grace@example.com")
        await grace.register()

    assert (await ada.profile(grace.access_token)).outcome == (401, "TOKEN_INVALID")


async def test_access_token_of_the_previous_key_is_accepted(
    app_with: OtherAppFactory, user_factory: UserFactory, environ: dict[str, str]
) -> None:
    ada = await user_factory()
    previous = json.dumps([environ["JWT_SECRET_KEY"]])

    async with app_with(JWT_SECRET_KEY="the-next-secret-of-the-tests-0123456789", JWT_PREVIOUS_KEYS=previous) as other:
        ada.client = other.client
        assert (await ada.profile()).status == 200
        kid = jwt.get_unverified_header(ada.access_token)["kid"]
        assert (await ada.log_in()).status == 200
        assert jwt.get_unverified_header(ada.access_token)["kid"] != kid


async def test_published_public_key_verifies_access_tokens(app_with: OtherAppFactory) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    async with app_with(OAUTH_ENABLED="false", JWT_PRIVATE_KEY=pem, JWT_ALGORITHM="EdDSA") as other:
        ada = Actor(other.client)
        await ada.register()
        response = await ada.call("GET", "/.well-known/jwks.json", token="")
        assert (await ada.profile()).status == 200

    (published,) = response["keys"]
    assert published.keys() == {"kty", "crv", "x", "kid", "alg", "use"}
    assert response.response.headers["Cache-Control"] == "public, max-age=300"
    claims = jwt.decode(
        ada.access_token, jwt.PyJWK(published), algorithms=["EdDSA"], audience="auth_api", issuer="http://testserver"
    )
    assert claims["sid"]


async def test_access_token_signed_with_the_public_key_as_hmac_secret_is_rejected(app_with: OtherAppFactory) -> None:
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    async with app_with(JWT_PRIVATE_KEY=pem) as other:
        ada = Actor(other.client)
        await ada.register()
        header = jwt.get_unverified_header(ada.access_token)
        forged = jwt.encode(
            claims_of(ada.access_token), public, algorithm="HS256", headers={"kid": header["kid"], "typ": "at+jwt"}
        )
        assert (await ada.profile(forged)).outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("size", ["0", "2"])
async def test_cache_of_verified_access_tokens_is_bounded(app_with: OtherAppFactory, size: str) -> None:
    async with app_with(VERIFIED_TOKEN_CACHE_SIZE=size) as other:
        ada = Actor(other.client)
        await ada.register()
        for _ in range(4):
            await ada.log_in()
            assert (await ada.profile()).status == 200

        assert len(other.services.core.sessions.access_tokens._verified) == int(size)  # noqa: SLF001 - nothing public counts them
