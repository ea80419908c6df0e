"""Settings of required second factors."""

import msgspec

from auth_api.kit.crypto.policy import SealingPolicy
from auth_api.kit.mail.policy import MailPolicy
from auth_api.settings.reader import Reader
from auth_api.sign_in.policy import OPTIONAL, MfaPolicy


def checked_mfa(read: Reader, mfa: MfaPolicy, mail: MailPolicy, sealing: SealingPolicy) -> MfaPolicy:
    """Check that users can do what the policy requires: verify their e-mail address, and add an authenticator app.

    Returns:
        The policy. The default in production is replaced if the keys are missing: an upgrade must not stop a server.
    """
    has_key = sealing.data_keys or read.has_problem("DATA_ENCRYPTION_KEYS")
    lacks_keys = read.is_production and not has_key  # in other environments, a key is derived
    if mfa.requirement == OPTIONAL:
        return mfa
    if lacks_keys and not read.is_set("MFA_POLICY"):
        return msgspec.structs.replace(mfa, requirement=OPTIONAL, lacks_keys=True)
    if mfa.is_required and not mail.is_on:
        read.problem("MFA_POLICY", "needs mail: set SMTP_URL and MAIL_FROM, or remove it", OPTIONAL)
    if lacks_keys:
        fix = "Run auth-api secrets data-key, and set DATA_ENCRYPTION_KEYS to what it prints."
        read.problem("MFA_POLICY", "needs DATA_ENCRYPTION_KEYS in production", fix=fix)
    return mfa
