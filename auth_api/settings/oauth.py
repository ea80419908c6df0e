"""Settings of the OAuth provider: whether it can be on, and the keys that it signs with."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from auth_api.kit.crypto.signing import KeyRejectedError, KeyRing, SigningKey
from auth_api.kit.http.policy import HttpPolicy
from auth_api.oauth.keys.oauth_keys import OAUTH_ALGORITHMS, OAuthKeys
from auth_api.oauth.keys.policy import OAuthPolicy
from auth_api.sessions.policy import SessionPolicy
from auth_api.settings.reader import Environment, Reader
from auth_api.web.frame.policy import PagePolicy

MAX_RSA_BITS: Final = 4096
"""Larger keys would only slow each sign-in down."""

_ENABLED: Final = "OAUTH_ENABLED"
_KEYS: Final = "OAUTH_SIGNING_KEYS"
_GENERATE: Final = (
    "Run auth-api keys generate --oauth, and store what it prints in a file that OAUTH_SIGNING_KEYS_FILE names."
)
_PEM_BLOCK: Final = re.compile(r"-----BEGIN [A-Z ]+-----.+?-----END [A-Z ]+-----", re.DOTALL)


def read_oauth(read: Reader, *, http: HttpPolicy, pages: PagePolicy, sessions: SessionPolicy) -> OAuthPolicy:
    """Read the policy of the OAuth provider; in development it is on if nothing that it needs is missing.

    Args:
        read: the variables.
        http: has the URL of this server, which must be the issuer.
        pages: where users log in.
        sessions: has the issuer, and the keys of sessions.
    """
    is_possible = pages.is_hosted and sessions.issuer == http.public_url and read.is_set(_KEYS)
    values = read.values(OAuthPolicy, {"enabled": is_possible and read.environment is Environment.DEVELOPMENT})
    keys = [key for text in values.pop("signing_keys") for key in _keys_in(read, text)]
    if values["enabled"]:
        if not pages.is_hosted:
            read.problem(_ENABLED, "needs the pages of this server, which are off (HOSTED_PAGES)", "false")
        if sessions.issuer != http.public_url:
            read.problem("JWT_ISSUER", f"must be PUBLIC_URL with {_ENABLED}=true", http.public_url)
    if values["enabled"] or keys:
        _check_keys(read, keys, sessions.keys)
    usable = keys if not read.has_problem(_KEYS) else ()
    return OAuthPolicy(**values, keys=OAuthKeys(sessions.issuer, usable))


def pem_blocks(text: str) -> list[str]:
    """Return the PEM keys that stand one after another in a text, which may be in one line (`in_one_line`)."""
    return _PEM_BLOCK.findall(text.replace("\\n", "\n"))


def _keys_in(read: Reader, text: str) -> Iterator[SigningKey]:
    blocks = pem_blocks(text)
    if not blocks:
        read.problem(_KEYS, "must contain keys in PEM form", fix=_GENERATE)
    for block in blocks:
        try:
            key = SigningKey.from_pem(block)
        except KeyRejectedError as error:
            read.problem(_KEYS, f"contains a key that {error}", fix=_GENERATE)
            continue
        if key.algorithm not in OAUTH_ALGORITHMS:
            read.problem(_KEYS, f"contains a key for {key.algorithm}, which is not used here", fix=_GENERATE)
        if key.algorithm == "RS256" and key.bits > MAX_RSA_BITS:
            read.problem(_KEYS, f"contains an RSA key of more than {MAX_RSA_BITS} bits", fix=_GENERATE)
        yield key


def _check_keys(read: Reader, keys: Sequence[SigningKey], session_keys: KeyRing) -> None:
    if not read.is_set(_KEYS):
        read.problem(_KEYS, "is missing: a private RSA key and a private P-256 key", fix=_GENERATE)
        return
    if read.has_problem(_KEYS):
        return
    for algorithm in OAUTH_ALGORITHMS:
        first = next((key for key in keys if key.algorithm == algorithm), None)
        if first is None:
            read.problem(_KEYS, f"contains no key for {algorithm}", fix=_GENERATE)
        elif first.signing is None:
            read.problem(_KEYS, f"must contain a private key first for {algorithm}", fix=_GENERATE)
    if len({key.kid for key in keys}) < len(keys):
        read.problem(_KEYS, "contains a key twice", fix="Remove one of the two.")
    of_sessions = {key.kid for key in (session_keys.current, *session_keys.others)}
    if of_sessions & {key.kid for key in keys}:
        message = "contains a key of JWT_PRIVATE_KEY, JWT_NEXT_KEY or JWT_PREVIOUS_KEYS"
        read.problem(_KEYS, message, fix=_GENERATE)
