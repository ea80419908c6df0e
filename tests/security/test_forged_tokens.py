"""ASVS 5.0 V9, RFC 8725: a token that this deployment did not sign is rejected without a statement."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.forgeries import claims_of, encoded, header_of, signed
from tests.support.keys import private_pem, public_pem
from tests.support.statements import recorded
from tests.support.waiting import until

pytestmark = pytest.mark.engine_independent

FOREIGN_KEY = b"a-key-that-this-deployment-never-had-0123456789"
EC_KEY = {"kty": "EC", "crv": "P-256", "x": encoded(b"x" * 32), "y": encoded(b"y" * 32)}
SECRET_KEY = {"kty": "oct", "k": encoded(FOREIGN_KEY)}

Forge = Callable[[str], str]


def rebuilt(token: str, changed: dict[str, Any], key: bytes = FOREIGN_KEY, digest: str = "sha256") -> str:
    """Return the token with a changed header, signed with a foreign key."""
    header = {name: value for name, value in {**header_of(token), **changed}.items() if value is not None}
    return signed(header, claims_of(token), key, digest)


def unsigned(token: str, algorithm: str, signature: str = "") -> str:
    header = {**header_of(token), "alg": algorithm}
    return f"{encoded(header)}.{encoded(claims_of(token))}.{signature}"


def with_other_subject(token: str) -> str:
    """Return the token with the id of another user and the original signature."""
    header, _, signature = token.split(".")
    return f"{header}.{encoded({**claims_of(token), 'sub': '2'})}.{signature}"


def with_header(token: str, header: str | bytes) -> str:
    return f"{encoded(header)}.{token.partition('.')[2]}"


FORGERIES: dict[str, Forge] = {
    # RFC 8725 §3.1, CVE-2022-29217: the token must not choose the algorithm.
    "none": lambda token: unsigned(token, "none"),
    "None": lambda token: unsigned(token, "None"),
    "NONE with a signature": lambda token: unsigned(token, "NONE", token.split(".")[2]),
    "none with a false signature": lambda token: unsigned(token, "none", encoded(b"x" * 32)),
    "HS256 without a signature": lambda token: unsigned(token, "HS256"),
    "no algorithm": lambda token: rebuilt(token, {"alg": None}),
    "a lower-case algorithm": lambda token: rebuilt(token, {"alg": "hs256"}),
    "an algorithm that is a list": lambda token: rebuilt(token, {"alg": ["HS256"]}),
    "an algorithm that is null": lambda token: signed({**header_of(token), "alg": None}, claims_of(token), b"k" * 32),
    "HS512": lambda token: rebuilt(token, {"alg": "HS512"}, digest="sha512"),
    "RS256 with an HMAC": lambda token: rebuilt(token, {"alg": "RS256"}),
    "an empty key": lambda token: rebuilt(token, {}, b""),
    "a foreign key": lambda token: rebuilt(token, {}),
    "claims of another user": with_other_subject,
    # RFC 8725 §3.10: a key in the token, or named by it, is not trusted.
    "jwk": lambda token: rebuilt(token, {"jwk": SECRET_KEY}),
    "jwk of an elliptic curve": lambda token: rebuilt(token, {"jwk": EC_KEY, "alg": "ES256"}),
    "x5c": lambda token: rebuilt(token, {"x5c": [encoded(FOREIGN_KEY)]}),
    "no kid": lambda token: rebuilt(token, {"kid": None}),
    "an unknown kid": lambda token: rebuilt(token, {"kid": "unknown"}),
    "an empty kid": lambda token: rebuilt(token, {"kid": ""}),
    "a kid that is a path": lambda token: rebuilt(token, {"kid": "../../../../dev/null"}, b""),
    "a kid that is SQL": lambda token: rebuilt(token, {"kid": "x' UNION SELECT 'secret' -- "}, b"secret"),
    "a kid that is a list": lambda token: rebuilt(token, {"kid": ["a"]}),
    "a kid that is an object": lambda token: rebuilt(token, {"kid": {"a": 1}}),
    "a kid that is a number": lambda token: rebuilt(token, {"kid": 7}),
    "a kid that is null": lambda token: signed({**header_of(token), "kid": None}, claims_of(token), FOREIGN_KEY),
    # RFC 7515 §4.1.11, RFC 7797.
    "crit": lambda token: rebuilt(token, {"crit": ["exp"]}),
    "crit of an unknown extension": lambda token: rebuilt(token, {"crit": ["x"], "x": 1}),
    "b64": lambda token: rebuilt(token, {"b64": False, "crit": ["b64"]}),
    "zip": lambda token: rebuilt(token, {"zip": "DEF"}),
    # Malformed tokens.
    "a token in a token": lambda token: signed(
        {**header_of(token), "cty": "JWT"}, encoded({"jwt": token}), FOREIGN_KEY
    ),
    "two parts": lambda token: token.rpartition(".")[0],
    "four parts": lambda token: f"{token}.x",
    "no header": lambda token: "." + token.partition(".")[2],
    "no payload": lambda token: f"{token.split('.')[0]}..{token.split('.')[2]}",
    "no signature": lambda token: token.rpartition(".")[0] + ".",
    "a header that is not JSON": lambda token: with_header(token, "{"),
    "a header that is a list": lambda token: with_header(token, "[]"),
    "a header that is a number": lambda token: with_header(token, "7"),
    "a header that is not UTF-8": lambda token: with_header(token, b'{"alg":"\xff"}'),
    "a deeply nested header": lambda token: with_header(token, "[" * 2500 + "]" * 2500),
    "a header with a long number": lambda token: with_header(token, '{"alg":' + "9" * 5000 + "}"),
    "9 KiB": lambda token: token + "A" * 9000,
    "the last character missing": lambda token: token[:-1],
    "an additional character": lambda token: f"{token}A",
    "padding": lambda token: f"{token}=",
    "the alphabet of base64": lambda token: token.rpartition(".")[0] + "." + "+/" * 21 + "A",
}

TEXTS = {
    "dots": "..",
    "a text": "token",
    "a refresh token": "rt_2nVhYkq0m1T8sJ5cXwBvLr7dEoZa4uGf6pHi9yKtMxQ",
    "SQL": "' OR 1=1 --",
    "JSON serialization": '{"payload":"x","signatures":[]}',
    # RFC 7516; CVE-2024-33664: a decompression bomb, and a key derivation with 2^31 iterations.
    "JWE": ".".join([encoded({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}), "", "aXY", "Y2lwaGVy", "dGFn"]),
    "JWE by password": ".".join(
        [encoded({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2**31, "p2s": "c2FsdA"}), "a", "b", "c", "d"]
    ),
}

PROTECTED = [
    ("GET", "/api/user/profile"),
    ("HEAD", "/api/user/profile"),
    ("PATCH", "/api/user/profile"),
    ("POST", "/api/user/password"),
    ("POST", "/api/user/delete"),
    ("GET", "/api/user/sessions"),
    ("DELETE", "/api/user/sessions/01a20e9d-dba3-7476-8c34-dcd62e39c004"),
    ("GET", "/api/user/audit-log"),
    ("POST", "/api/auth/logout-all"),
    ("POST", "/api/auth/logout"),
]


async def assert_invalid(ada: Actor, forged: str, services: Services) -> None:
    with recorded(services.core.database.engine) as statements:
        responses = [await ada.profile(forged), await ada.log_out(forged)]

    assert [response.outcome for response in responses] == [(401, "TOKEN_INVALID")] * 2
    assert {response.response.headers["WWW-Authenticate"] for response in responses} == {'Bearer error="invalid_token"'}
    assert statements == []


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_forged_token_is_rejected_without_a_statement(
    user_factory: UserFactory, services: Services, forge: Forge
) -> None:
    ada = await user_factory()
    await user_factory()

    await assert_invalid(ada, forge(ada.access_token), services)
    assert (await ada.profile()).status == 200


@pytest.mark.parametrize("forged", TEXTS.values(), ids=TEXTS)
async def test_text_that_is_not_a_token_is_rejected_without_a_statement(
    ada: Actor, services: Services, forged: str
) -> None:
    await assert_invalid(ada, forged, services)


@pytest.mark.parametrize(("method", "path"), PROTECTED)
@pytest.mark.parametrize("kind", ["forgery", "refresh token"])
async def test_protected_routes_reject_forged_and_refresh_tokens(
    user_factory: UserFactory, services: Services, method: str, path: str, kind: str
) -> None:
    """ASVS 5.0 V9.2.2: a token is accepted only for its purpose."""
    ada = await user_factory()
    token = with_other_subject(ada.access_token) if kind == "forgery" else ada.refresh_token

    with recorded(services.core.database.engine) as statements:
        response = await ada.call(method, path, token=token)

    assert response.status == 401
    assert response.response.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert statements == []


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
async def test_access_token_is_rejected_as_a_refresh_token(user_factory: UserFactory, path: str) -> None:
    ada = await user_factory()

    response = await ada.call("POST", path, token="", json={"refresh_token": ada.access_token})

    assert response.outcome == ((401, "TOKEN_INVALID") if path.endswith("refresh") else (200, ""))
    assert (await ada.profile()).status == 200


@pytest.mark.parametrize("path", ["/api/auth/refresh", "/api/auth/logout"])
async def test_long_access_token_is_rejected_as_a_refresh_token(app_with: OtherAppFactory, path: str) -> None:
    """Signed with RSA it has about 800 characters; the error is still about the token, not about the field's length."""
    async with app_with(JWT_PRIVATE_KEY=private_pem("RS256")) as other:
        ada = Actor(other.client)
        await ada.register()
        response = await ada.call("POST", path, token="", json={"refresh_token": ada.access_token})

    assert len(ada.access_token) > 600
    assert response.outcome == ((401, "TOKEN_INVALID") if path.endswith("refresh") else (200, ""))


@pytest.mark.parametrize("header", ["jku", "x5u"])
async def test_url_in_a_token_is_never_requested(user_factory: UserFactory, header: str) -> None:
    """RFC 8725 §3.10, CVE-2026-48524."""
    ada = await user_factory()
    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(lambda _, writer: connections.append(writer), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with server:
        forged = rebuilt(ada.access_token, {header: f"http://127.0.0.1:{port}/keys.json"})
        response = await ada.profile(forged)
        _, own = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: bool(connections))  # an earlier connection would be accepted first
        peers = [connection.get_extra_info("peername") for connection in connections]
        assert peers == [own.get_extra_info("sockname")]
        for writer in (own, *connections):
            writer.close()

    assert response.outcome == (401, "TOKEN_INVALID")


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_public_key_is_rejected_as_a_shared_secret(app_with: OtherAppFactory, algorithm: str) -> None:
    """CVE-2024-33663: algorithm confusion."""
    async with app_with(JWT_PRIVATE_KEY=private_pem(algorithm)) as other:
        ada = Actor(other.client)
        await ada.register()
        pem = public_pem(algorithm)
        secrets = [pem, pem.strip(), pem.replace("\n", "\r\n"), "".join(pem.split("\n")[1:-2])]

        genuine = await ada.profile()
        responses = [
            await ada.profile(rebuilt(ada.access_token, {"alg": algorithm_header}, secret.encode()))
            for algorithm_header in ("HS256", algorithm)
            for secret in secrets
        ]

    assert genuine.status == 200
    assert [response.outcome for response in responses] == [(401, "TOKEN_INVALID")] * 8


async def test_two_authorization_headers_are_rejected(user_factory: UserFactory) -> None:
    ada = await user_factory()
    bearer = ("Authorization", f"Bearer {ada.access_token}")

    response = await ada.client.get("/api/user/profile", headers=[bearer, bearer])

    assert (response.status_code, response.json()["error_code"]) == (401, "TOKEN_INVALID")


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer ", "Basic YWRhOnNlY3JldA==", "Token {}", "{}", "Bearer: {}", "Bearer\t{}", "bearer{}"],
)
async def test_other_authorization_schemes_and_spellings_are_ignored(
    user_factory: UserFactory, authorization: str
) -> None:
    ada = await user_factory()

    response = await ada.call(
        "GET", "/api/user/profile", token="", headers={"Authorization": authorization.format(ada.access_token)}
    )

    assert response.outcome == (401, "AUTHENTICATION_REQUIRED")
    assert response.response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "location",
    [
        {"params": {"access_token": "{}"}},
        {"headers": {"Cookie": "access_token={}"}},
        {"headers": {"X-Access-Token": "{}"}},
        {"headers": {"Proxy-Authorization": "Bearer {}"}},
    ],
    ids=str,
)
async def test_token_is_accepted_only_in_the_authorization_header(
    user_factory: UserFactory, location: dict[str, dict[str, str]]
) -> None:
    """ASVS 5.0 V14.2.1: URLs are logged, and browsers send cookies on their own."""
    ada = await user_factory()
    filled = {
        kind: {name: text.format(ada.access_token) for name, text in values.items()}
        for kind, values in location.items()
    }

    response = await ada.call("GET", "/api/user/profile", token="", **filled)

    assert response.outcome == (401, "AUTHENTICATION_REQUIRED")
