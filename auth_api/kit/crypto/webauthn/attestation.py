"""Read attestation objects (WebAuthn L3 §6.5). No statement about the model of the authenticator is accepted."""

from auth_api.kit.crypto.webauthn import cbor


def attested_data(attestation_object: bytes) -> bytes:
    """Return the authenticator data of an attestation object.

    Options that ask for no attestation get the format `none`, or `packed` with a signature by the new key itself
    (§5.4.7, §8.2). A certificate would be a statement that the server has not asked for and cannot check.

    Raises:
        ValueError: malformed, or with another kind of attestation.
    """
    match cbor.decode(attestation_object):
        case {"fmt": "none", "attStmt": {**statement}, "authData": bytes() as data} if not statement:
            return data
        case {
            "fmt": "packed",
            "attStmt": {"alg": int(), "sig": bytes(), **others},
            "authData": bytes() as data,
        } if not others:
            return data
    message = "another kind of attestation"
    raise ValueError(message)
