"""Check whether users can do what the policy of second factors requires."""

from collections.abc import Iterator, Sequence

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.doctor.findings import Finding, fail, ok, warn
from auth_api.sign_in.policy import OPTIONAL, MfaPolicy


def check_required_factors(mfa: MfaPolicy, passkeys: PasskeyPolicy, data_keys: Sequence[bytes]) -> Iterator[Finding]:
    """Report which factors users can add where one is required; fail if there are none."""
    if mfa.lacks_keys:
        message = "Administrators need no second factor, because DATA_ENCRYPTION_KEYS is not set."
        fix = "Set DATA_ENCRYPTION_KEYS (auth-api secrets data-key), or MFA_POLICY=optional if this is intended."
        yield warn("second_factors", message, fix)
    if mfa.requirement == OPTIONAL:
        return
    users = "All users" if mfa.is_required else "Users with an administrative role"
    kinds = [
        *(["passkeys"] if passkeys.enabled else []),
        *(["authenticator apps"] if data_keys else []),
    ]
    if kinds:
        yield ok("second_factors", f"{users} need a second factor, and can add {' and '.join(kinds)}.")
        return
    message = f"{users} need a second factor, and can add none: passkeys and authenticator apps are off."
    yield fail(
        "second_factors", message, "Set DATA_ENCRYPTION_KEYS (auth-api secrets data-key) or PASSKEYS_ENABLED=true."
    )
