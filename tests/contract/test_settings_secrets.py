"""Texts that stand in a secret variable because nothing has replaced them with the secret."""

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from auth_api.kit.crypto.generation import new_key
from auth_api.settings import Settings
from auth_api.settings.environment import read_environment
from auth_api.settings.reader import InvalidSettingsError
from tests.support.processes import run_cli

pytestmark = pytest.mark.engine_independent

GOOD = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}
PRODUCTION = {
    **GOOD,
    "ENVIRONMENT": "production",
    "DATABASE_URL": "postgresql://auth:hunter2@db.internal:5432/auth",
    "PUBLIC_URL": "https://auth.your-company.com",
}
SECRETS = ("JWT_SECRET_KEY", "JWT_NEXT_KEY", "JWT_PREVIOUS_KEYS", "TOKEN_DERIVATION_KEY", "METRICS_TOKEN")

ED25519 = ed25519.Ed25519PrivateKey.generate()
PEM = ED25519.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
DER = ED25519.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
P256 = ec.generate_private_key(ec.SECP256R1())
P256_DER = P256.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PUBLIC_DER = P256.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

REFERENCES = (
    "/run/secrets/auth-api/jwt-signing-key",
    "./secrets/auth-api/the-jwt-signing-key",
    "../secrets/auth-api/the-jwt-signing-key",
    "~/secrets/auth-api/the-jwt-signing-key",
    "file:/run/secrets/auth-api/jwt-signing-key",
    "FILE:///run/secrets/auth-api/jwt-signing-key",
    "${JWT_SECRET_FROM_THE_VAULT_0123456789}",
    "prefix-${JWT_SECRET_FROM_THE_VAULT_0123456789}",
    "$JWT_SECRET_FROM_THE_VAULT_0123456789",
    "%JWT_SECRET_FROM_THE_VAULT_0123456789%",
    "{{secrets.jwt_signing_key_of_auth_api}}",
    "prefix-{{secrets.jwt_signing_key_of_auth_api}}",
    '{"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg7Wq3"}',
    "<paste-the-secret-of-the-server-here>",
    "vault:secret/data/auth-api#jwt-signing-key",
    "op://production/auth-api/jwt-signing-key",
    "arn:aws:secretsmanager:eu-1:1234:secret:jwt",
    "https://vault.internal/v1/secret/auth-api/jwt",
    "projects/1234/secrets/jwt-key/versions/latest",
    "ENC[AES256_GCM,data:Zq7w0Xre9TvBn5,iv:0aB,tag:1]",
    "@Microsoft.KeyVault(SecretUri=vault.azure.net/jwt)",
    "$(auth-api-secrets-generate-0123456789)",
    "$(.venv/bin/auth-api secrets generate)",
    "`auth-api-secrets-generate-0123456789`",
    "qhX5RkTz0nWc7yLb V2sJ8dGf4mPa6uEo-hunter2",
    "qhX5RkTz0nWc7yLb\tV2sJ8dGf4mPa6uEo-hunter2",
    "run-secrets-auth-api-jwt-signing-key.pem",
    "run-secrets-auth-api-jwt-signing-key.KEY",
    "run-secrets-auth-api-jwt-signing-key.txt",
    "secrets/auth-api/the-jwt-signing-secret",
    "C:\\secrets\\auth-api\\the-jwt-signing-secret",
    "secretref:the-jwt-signing-secret-of-auth-api",
    "#{JwtSigningSecretOfAuthApi0123456789}#",
    "__JWT_SIGNING_SECRET_OF_AUTH_API_01__",
    "@jwt_signing_secret_of_auth_api_01234@",
    "%(ENV_JWT_SIGNING_SECRET_OF_AUTH_API)s",
)
KEYS = (base64.b64encode(PEM), base64.b64encode(DER), base64.b64encode(P256_DER), base64.b64encode(PUBLIC_DER))


def error_text(environ: dict[str, str]) -> str:
    """Return the text of the error that these variables raise."""
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env(environ)
    return str(raised.value)


@pytest.mark.parametrize("base", [GOOD, PRODUCTION], ids=["development", "production"])
@pytest.mark.parametrize("variable", SECRETS)
@pytest.mark.parametrize("text", REFERENCES)
def test_reference_is_not_a_secret(base: dict[str, str], variable: str, text: str) -> None:
    value = json.dumps([text]) if variable == "JWT_PREVIOUS_KEYS" else text

    message = error_text({**base, variable: value})

    assert message.startswith(f"{variable} ")
    assert text not in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("variable", SECRETS)
@pytest.mark.parametrize("text", KEYS, ids=["PEM", "Ed25519", "P-256", "public"])
def test_encoded_key_is_not_a_secret(variable: str, text: bytes) -> None:
    assert error_text({**GOOD, variable: text.decode()}).startswith(f"{variable} is a key or certificate, not a secret")


@pytest.mark.parametrize("variable", ["JWT_SECRET_KEY", "TOKEN_DERIVATION_KEY", "METRICS_TOKEN"])
@pytest.mark.parametrize("text", [PEM.decode(), PEM.decode().replace("\n", "\\n")], ids=["lines", "one line"])
def test_pem_key_is_not_a_secret(variable: str, text: str) -> None:
    assert error_text({**GOOD, variable: text}).startswith(f"{variable} is a key or certificate, not a secret")


@pytest.mark.parametrize("text", [*REFERENCES, "change" * 6, "Zt8vKq1wXr5nYb3mLc7jHg2fDs9aPo4e-hunter2"])
def test_private_key_without_pem_stops_the_start(text: str) -> None:
    """A text without a PEM key was taken for the secret of HS256."""
    message = error_text({**PRODUCTION, "JWT_PRIVATE_KEY": text})

    assert message.startswith("JWT_PRIVATE_KEY must be a key in PEM form.")
    assert text not in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("text", KEYS, ids=["PEM", "Ed25519", "P-256", "public"])
def test_private_key_in_base64_stops_the_start(text: bytes) -> None:
    message = error_text({**PRODUCTION, "JWT_PRIVATE_KEY": text.decode()})

    assert message.startswith("JWT_PRIVATE_KEY must be a key in PEM form.")


@pytest.mark.parametrize("variable", [*SECRETS, "JWT_PRIVATE_KEY"])
def test_file_with_a_path_stops_the_start(tmp_path: Path, variable: str) -> None:
    (tmp_path / "secret").write_text("/run/secrets/auth-api/jwt-signing-key\n")

    message = error_text(read_environment({**GOOD, f"{variable}_FILE": "secret"}, tmp_path))

    assert message.startswith(f"{variable} ")


@pytest.mark.parametrize(
    "value",
    [
        "FxF5-dlQRWOH8_6Tpwiu1dw3FF_lwOsFJQbrNFBcazZjY0knTwjacEXYoORqqVof",
        "b0VjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU+/w==",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a6978",
        "Zq7w;0Xr:e9Tv!Bn5#k_d8Qm-2LpA6c'Yhu4s$9",
        "/yZjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU=",
        "/x0qN7wZbY2Rk9sVtJ4uXe8aLc1dMf6g",
    ],
)
@pytest.mark.parametrize("variable", SECRETS)
def test_random_secret_is_accepted(variable: str, value: str) -> None:
    Settings.from_env({**GOOD, variable: value})


def test_base64_in_two_lines_is_accepted(tmp_path: Path) -> None:
    """`openssl rand -base64 60` breaks its output."""
    first = "b0VjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXowMTIzNDU2Nzg5QUJDREVGR0hJSktM"
    (tmp_path / "secret").write_text(f"{first}\nTU5PUFFSU1RVVldYWVo=\n")

    Settings.from_env(read_environment({"JWT_SECRET_KEY_FILE": "secret"}, tmp_path))


@pytest.mark.parametrize("word", ["replace-me", "Your-Signing-Secret", "your_signing_secret", "insert-a-secret"])
def test_example_is_not_a_secret_in_production(word: str) -> None:
    message = error_text({**PRODUCTION, "JWT_SECRET_KEY": f"{word}-with-32-or-more-characters"})

    assert message.startswith("JWT_SECRET_KEY looks like an example")


def test_what_the_messages_tell_to_run_is_accepted_in_an_env_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("JWT_ALGORITHM=EdDSA\n")
    message = error_text(read_environment({}, tmp_path))
    assert "Run auth-api keys generate --algorithm EdDSA --one-line, and paste what it prints" in message
    key = run_cli("keys", "generate", "--algorithm", "EdDSA", "--one-line", env={}, cwd=tmp_path).stdout.strip()

    (tmp_path / ".env").write_text(f"JWT_ALGORITHM=EdDSA\nJWT_PRIVATE_KEY={key}\n")
    message = error_text(read_environment({}, tmp_path))
    assert message == (
        "TOKEN_DERIVATION_KEY is missing: a secret of at least 32 bytes. "
        "Run auth-api secrets generate, and paste what it prints."
    )
    secret = run_cli("secrets", "generate", env={}, cwd=tmp_path).stdout.strip()

    (tmp_path / ".env").write_text(f"JWT_ALGORITHM=EdDSA\nJWT_PRIVATE_KEY={key}\nTOKEN_DERIVATION_KEY={secret}\n")
    assert Settings.from_env(read_environment({}, tmp_path)).sessions.keys.current.algorithm == "EdDSA"


@pytest.mark.parametrize("algorithm", ["HS256", "EdDSA", "ES256", "RS256"])
def test_generated_next_key_is_accepted(algorithm: str) -> None:
    assert (
        Settings.from_env({**GOOD, "JWT_NEXT_KEY": new_key(algorithm)}).sessions.keys.others[0].algorithm == algorithm
    )
