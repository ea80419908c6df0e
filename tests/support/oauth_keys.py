"""Keys of the OAuth provider under test, generated once per process."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from auth_api.kit.crypto.generation import new_key


def new_rsa_key() -> str:
    """Generate the smallest RSA key that is accepted, in PEM form: larger ones take longer."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


OAUTH_SIGNING_KEYS: Final = new_rsa_key() + new_key("ES256")
