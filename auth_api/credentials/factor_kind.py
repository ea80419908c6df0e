"""The kinds of second factors."""

from enum import StrEnum


class FactorKind(StrEnum):
    """A kind of factor. Databases contain these values: never rename or reuse one."""

    TOTP = "totp"
    PASSKEY = "passkey"
