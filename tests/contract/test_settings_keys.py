"""Settings of keys: a shared secret, a PEM key for each of three algorithms, and previous keys."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from auth_api.kit.crypto.sealing import new_data_key, parse_data_key
from auth_api.kit.db.policy import DatabaseVariables
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.sessions.policy import KeyVariables
from auth_api.settings import Settings
from auth_api.settings.catalogue import SECRET_VARIABLES
from auth_api.settings.reader import InvalidSettingsError, Reader
from tests.support.oauth_keys import OAUTH_SIGNING_KEYS

pytestmark = pytest.mark.engine_independent

OTHER_SECRET = "Zt8vKq1wXr5nYb3mLc7jHg2fDs9aPo4e-hunter2"
GENERATE_KEY = (
    "Run auth-api keys generate --algorithm EdDSA --one-line, and paste what it prints, "
    "or name a file that contains the key in JWT_PRIVATE_KEY_FILE."
)
DEVELOPMENT = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

ED25519 = ed25519.Ed25519PrivateKey.generate()
P256 = ec.generate_private_key(ec.SECP256R1())
P384 = ec.generate_private_key(ec.SECP384R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
DATA_KEY = new_data_key()
SHORT_RSA = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 - rejected


def pem(key: PrivateKey, encryption: KeySerializationEncryption | None = None) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()).decode()


def public_pem(key: PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def error_text(environ: dict[str, str]) -> str:
    """Return the text of the error that these variables raise."""
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env(environ)
    return str(raised.value)


@pytest.mark.parametrize(("algorithm", "key"), [("EdDSA", ED25519), ("ES256", P256), ("RS256", RSA)])
@pytest.mark.parametrize("escaped", [False, True], ids=["with line breaks", "in one line"])
@pytest.mark.parametrize("named", [True, False], ids=["algorithm named", "algorithm left out"])
def test_pem_key_signs_with_its_algorithm(algorithm: str, key: PrivateKey, escaped: bool, named: bool) -> None:
    """`.env` files and orchestrators often need a PEM key in one line."""
    text = pem(key).replace("\n", "\\n") if escaped else pem(key)

    settings = Settings.from_env(
        {**DEVELOPMENT, "JWT_PRIVATE_KEY": text, **({"JWT_ALGORITHM": algorithm} if named else {})}
    )

    assert [jwk["alg"] for jwk in settings.sessions.keys.public_jwks()] == [algorithm]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (public_pem(ED25519), "JWT_PRIVATE_KEY is a public key and cannot sign."),
        (pem(ED25519, BestAvailableEncryption(b"x")), "JWT_PRIVATE_KEY is not an unencrypted key in PEM form."),
        (
            pem(SHORT_RSA),
            "JWT_PRIVATE_KEY is an RSA key of fewer than 2048 bits.",
        ),
        (
            pem(P384),
            "JWT_PRIVATE_KEY is neither an Ed25519, a P-256 nor an RSA key.",
        ),
    ],
    ids=["public", "encrypted", "short RSA", "P-384"],
)
def test_unsuitable_key_is_rejected(key: str, message: str) -> None:
    assert error_text({**DEVELOPMENT, "JWT_PRIVATE_KEY": key}) == f"{message} {GENERATE_KEY}"


def test_key_of_another_algorithm_is_rejected() -> None:
    message = error_text({**DEVELOPMENT, "JWT_ALGORITHM": "RS256", "JWT_PRIVATE_KEY": pem(ED25519)})

    assert (
        message
        == "JWT_ALGORITHM is RS256, but JWT_PRIVATE_KEY is a key for EdDSA. Remove JWT_ALGORITHM: the key tells it."
    )


def test_pem_key_needs_a_secret_for_refresh_tokens() -> None:
    message = error_text({"JWT_PRIVATE_KEY": pem(ED25519)})

    assert message == (
        "TOKEN_DERIVATION_KEY is missing: a secret of at least 32 bytes. "
        "Run auth-api secrets generate, and paste what it prints."
    )


def test_previous_keys_still_verify() -> None:
    before = Settings.from_env({**DEVELOPMENT, "JWT_PRIVATE_KEY": pem(P256)}).sessions.keys
    by_secret = Settings.from_env({"JWT_SECRET_KEY": OTHER_SECRET}).sessions.keys
    tokens = [ring.sign({"sub": "1"}, token_type="at+jwt") for ring in (before, by_secret)]

    previous = f'["{public_pem(P256)}", "{OTHER_SECRET}"]'.replace("\n", "\\n")
    now = Settings.from_env({**DEVELOPMENT, "JWT_PREVIOUS_KEYS": previous}).sessions.keys

    assert [now.verify(token, token_type="at+jwt") for token in tokens] == [b'{"sub":"1"}'] * 2


@pytest.mark.parametrize("form", ["{},{}", '["{}", "{}"]', " {} , {} ,"])
def test_previous_keys_may_be_separated_by_commas(form: str) -> None:
    secret, public = OTHER_SECRET, public_pem(P256).replace("\n", "\\n")

    keys = Settings.from_env({**DEVELOPMENT, "JWT_PREVIOUS_KEYS": form.format(secret, public)}).sessions.keys

    assert [key.algorithm for key in keys.others] == ["HS256", "ES256"]


def test_repr_of_settings_contains_no_secret() -> None:
    key = pem(ED25519)
    environ = {
        **DEVELOPMENT,
        "DATABASE_URL": "postgresql://auth:hunter2@db.internal:5432/auth",
        "JWT_PRIVATE_KEY": key,
        "TOKEN_DERIVATION_KEY": OTHER_SECRET,
        "JWT_NEXT_KEY": OTHER_SECRET,
        "JWT_PREVIOUS_KEYS": OTHER_SECRET,
        "SMTP_URL": "smtp://auth:hunter2@mail.internal",
        "MAIL_FROM": "no-reply@your-company.com",
        "METRICS_TOKEN": "a-token-of-hunter2",
        "DATA_ENCRYPTION_KEYS": DATA_KEY,
        "OAUTH_SIGNING_KEYS": OAUTH_SIGNING_KEYS,
    }
    settings = Settings.from_env(environ)
    variables = [Reader(environ).build(kind) for kind in (KeyVariables, DatabaseVariables, OAuthPolicy)]

    assert set(SECRET_VARIABLES) <= set(environ)
    shown = f"{settings!r} {settings} {variables} {settings.sessions.keys!r} {settings.database.place}"

    assert "hunter2" not in shown
    assert key.splitlines()[1] not in shown
    assert str(parse_data_key(DATA_KEY)) not in shown
    assert settings.database.place == "db.internal:5432/auth"


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_asymmetric_algorithm_needs_a_private_key(algorithm: str) -> None:
    message = error_text({**DEVELOPMENT, "JWT_ALGORITHM": algorithm})

    fix = GENERATE_KEY.replace("EdDSA", algorithm)
    assert message == f"JWT_PRIVATE_KEY is missing: a PEM key for JWT_ALGORITHM={algorithm}. {fix}"


def test_truncated_pem_key_is_rejected() -> None:
    message = error_text({**DEVELOPMENT, "JWT_PRIVATE_KEY": "-----BEGIN PRIVATE KEY-----\nhunter2"})

    assert message == f"JWT_PRIVATE_KEY is not an unencrypted key in PEM form. {GENERATE_KEY}"
