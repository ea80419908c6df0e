"""Settings of the OAuth provider: when it is on, and which keys it accepts."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth_api.kit.crypto.generation import new_key, public_half
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.settings import Settings
from auth_api.settings.oauth import pem_blocks
from auth_api.settings.reader import InvalidSettingsError
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS

pytestmark = pytest.mark.engine_independent

SECRET = "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"
DEVELOPMENT = {"JWT_SECRET_KEY": SECRET, "OAUTH_SIGNING_KEYS": OAUTH_SIGNING_KEYS}
RSA, EC = pem_blocks(OAUTH_SIGNING_KEYS)


def policy(**variables: str) -> OAuthPolicy:
    return Settings.from_env({**DEVELOPMENT, **variables}).of(OAuthPolicy)


def problem_of(**variables: str) -> str:
    with pytest.raises(InvalidSettingsError) as raised:
        policy(**variables)
    assert "hunter2" not in str(raised.value)
    return str(raised.value)


def large_rsa_key() -> str:
    """A public key of 4104 bits: a made-up modulus, as its generation takes seconds."""
    key = rsa.RSAPublicNumbers(e=65537, n=(1 << 4103) | 1).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_provider_is_on_by_default_only_in_development_with_pages_and_its_own_issuer() -> None:
    assert policy().enabled
    assert not policy(ENVIRONMENT="testing").enabled
    assert not policy(HOSTED_PAGES="false").enabled
    assert not policy(JWT_ISSUER="https://issuer.example.com").enabled
    assert not policy(OAUTH_SIGNING_KEYS="").enabled
    assert not policy(OAUTH_ENABLED="false").enabled
    assert policy(OAUTH_ENABLED="true", ENVIRONMENT="testing").enabled


def test_provider_that_lacks_what_it_needs_stops_the_start() -> None:
    assert problem_of(OAUTH_ENABLED="true", HOSTED_PAGES="false").startswith("OAUTH_ENABLED needs the pages")
    assert problem_of(OAUTH_ENABLED="true", JWT_ISSUER="https://issuer.example.com") == (
        "JWT_ISSUER must be PUBLIC_URL with OAUTH_ENABLED=true. Example: JWT_ISSUER=http://localhost:8000"
    )
    assert problem_of(OAUTH_ENABLED="true", OAUTH_SIGNING_KEYS="").startswith("OAUTH_SIGNING_KEYS is missing")


@pytest.mark.parametrize(
    "text",
    [
        OAUTH_SIGNING_KEYS,
        OAUTH_SIGNING_KEYS.replace("\n", "\\n"),
        json.dumps([RSA, EC]),
        json.dumps([RSA.replace("\n", "\\n"), EC]),
        f"{RSA},{EC}",
    ],
    ids=["one after another", "in one line", "list", "list of single lines", "commas"],
)
def test_keys_are_accepted_in_all_forms(text: str) -> None:
    found = policy(OAUTH_SIGNING_KEYS=text)

    assert [key.algorithm for key in found.keys.keys] == ["RS256", "ES256"]
    assert (found.keys.issuer, found.signing_keys) == ("http://localhost:8000", ())
    assert "PRIVATE" not in repr(found)


def test_public_keys_may_follow_the_private_key_of_their_algorithm() -> None:
    before = public_half(new_key("ES256"))

    assert [key.bits for key in policy(OAUTH_SIGNING_KEYS=OAUTH_SIGNING_KEYS + before).keys.keys] == [2048, 256, 256]
    assert problem_of(OAUTH_SIGNING_KEYS=before + OAUTH_SIGNING_KEYS).startswith(
        "OAUTH_SIGNING_KEYS must contain a private key first for ES256"
    )


def test_keys_that_cannot_be_used_stop_the_start() -> None:
    problems = {
        "hunter2": "must contain keys in PEM form",
        RSA: "contains no key for ES256",
        EC: "contains no key for RS256",
        OAUTH_SIGNING_KEYS + EC: "contains a key twice",
        OAUTH_SIGNING_KEYS + new_key("EdDSA"): "contains a key for EdDSA, which is not used here",
        OAUTH_SIGNING_KEYS + large_rsa_key(): "contains an RSA key of more than 4096 bits",
        RSA.replace("A", "B", 9) + EC: "contains a key that is not an unencrypted key in PEM form",
    }

    for text, problem in problems.items():
        assert problem_of(OAUTH_SIGNING_KEYS=text).startswith(f"OAUTH_SIGNING_KEYS {problem}. R"), problem


def test_keys_of_sessions_are_not_accepted() -> None:
    problem = problem_of(JWT_PRIVATE_KEY=EC, TOKEN_DERIVATION_KEY=SECRET)

    assert problem.startswith("OAUTH_SIGNING_KEYS contains a key of JWT_PRIVATE_KEY")
