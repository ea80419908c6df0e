"""Check whether users can do what the policy of second factors requires."""

from collections.abc import Iterator, Sequence

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.doctor.findings import Finding, fail, ok
from auth_api.sign_in.policy import MfaPolicy


def check_required_factors(mfa: MfaPolicy, passkeys: PasskeyPolicy, data_keys: Sequence[bytes]) -> Iterator[Finding]:
    """Report which factors users can add where one is required; fail if there are none."""
    if not mfa.is_required:
        return
    kinds = [
        *(["passkeys"] if passkeys.enabled else []),
        *(["authenticator apps"] if data_keys else []),
    ]
    if kinds:
        yield ok("second_factors", f"All users need a second factor, and can add {' and '.join(kinds)}.")
        return
    message = "All users need a second factor, and can add none: passkeys and authenticator apps are off."
    yield fail(
        "second_factors", message, "Set DATA_ENCRYPTION_KEYS (auth-api secrets data-key) or PASSKEYS_ENABLED=true."
    )
