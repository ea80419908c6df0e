"""`doctor` says which factors users can add where one is required."""

import pytest

from auth_api.credentials.passkeys.policy import PasskeyPolicy
from auth_api.doctor.second_factors import check_required_factors
from auth_api.sign_in.policy import ADMINS, OPTIONAL, REQUIRED, MfaPolicy

pytestmark = pytest.mark.engine_independent

KEY = (b"0" * 32,)


@pytest.mark.parametrize(
    ("has_passkeys", "data_keys", "verdict", "words"),
    [
        (True, KEY, "ok", "can add passkeys and authenticator apps"),
        (True, (), "ok", "can add passkeys."),
        (False, KEY, "ok", "can add authenticator apps."),
        (False, (), "fail", "can add none"),
    ],
)
def test_required_factors_must_be_offered(
    has_passkeys: bool, data_keys: tuple[bytes, ...], verdict: str, words: str
) -> None:
    for requirement, users in ((REQUIRED, "All users"), (ADMINS, "Users with an administrative role")):
        policy = MfaPolicy(requirement=requirement)

        (finding,) = check_required_factors(policy, PasskeyPolicy(enabled=has_passkeys), data_keys)

        assert finding.verdict == verdict
        assert finding.message.startswith(users)
        assert words in finding.message


def test_default_that_lacks_its_keys_is_a_warning() -> None:
    policy = MfaPolicy(requirement=OPTIONAL, lacks_keys=True)

    (finding,) = check_required_factors(policy, PasskeyPolicy(enabled=True), ())

    assert (finding.verdict, "DATA_ENCRYPTION_KEYS is not set" in finding.message) == ("warn", True)


def test_optional_factors_need_no_check() -> None:
    assert list(check_required_factors(MfaPolicy(requirement=OPTIONAL), PasskeyPolicy(enabled=False), ())) == []
