"""The modules of the plan Config OP of the OpenID conformance suite, and the rotation of keys, by their names."""

from urllib.parse import urlsplit

from tests.conftest import OtherAppFactory
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS, new_rsa_key
from tests.support.relying_party import ISSUER, RelyingParty

_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


async def test_oidcc_discovery_endpoint_verification(party: RelyingParty) -> None:
    response = await party.http.get("/.well-known/openid-configuration")
    metadata = response.json()

    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, "application/json")
    assert metadata["issuer"] == ISSUER
    assert metadata["response_types_supported"] == ["code"]
    assert metadata["subject_types_supported"] == ["public"]
    assert "RS256" in metadata["id_token_signing_alg_values_supported"]
    assert {"authorization_code", "refresh_token"} <= set(metadata["grant_types_supported"])
    assert "openid" in metadata["scopes_supported"]
    assert {"sub", "iss", "auth_time", "acr"} <= set(metadata["claims_supported"])
    assert metadata["claims_parameter_supported"] is metadata["request_parameter_supported"] is False
    assert metadata["request_uri_parameter_supported"] is False
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    addresses = [value for name, value in metadata.items() if name.endswith(("_endpoint", "jwks_uri"))]
    assert len(addresses) == 8
    assert all(f"{urlsplit(each).scheme}://{urlsplit(each).netloc}" == ISSUER for each in addresses)
    keys = (await party.http.get(metadata["jwks_uri"])).json()["keys"]
    assert len({key["kid"] for key in keys}) == len(keys) > 1
    assert {key["kty"] for key in keys} <= {"RSA", "EC", "OKP"}
    assert not any(_PRIVATE_MEMBERS & key.keys() for key in keys)


async def test_oidcc_server_rotate_keys(party: RelyingParty, app_with: OtherAppFactory) -> None:
    before = (await party.http.get("/.well-known/jwks.json")).json()["keys"]

    async with app_with(OAUTH_SIGNING_KEYS=new_rsa_key() + OAUTH_SIGNING_KEYS) as rotated:
        after = (await rotated.client.get("/.well-known/jwks.json")).json()["keys"]

    new = [key for key in after if key not in before]
    assert all(key in after for key in before)
    assert [key["alg"] for key in new] == ["RS256"]
