"""Settings of required second factors."""

from auth_api.kit.crypto.policy import SealingPolicy
from auth_api.kit.mail.policy import MailPolicy
from auth_api.settings.reader import Reader
from auth_api.sign_in.policy import OPTIONAL, MfaPolicy


def check_mfa(read: Reader, mfa: MfaPolicy, mail: MailPolicy, sealing: SealingPolicy) -> None:
    """Check that users can do what the policy requires: verify their e-mail address, and add an authenticator app."""
    if not mfa.is_required:
        return
    if not mail.is_on:
        read.problem("MFA_POLICY", "needs mail: set SMTP_URL and MAIL_FROM, or remove it", OPTIONAL)
    has_key = sealing.data_keys or read.has_problem("DATA_ENCRYPTION_KEYS")
    if read.is_production and not has_key:  # in other environments, a key is derived
        fix = "Run auth-api secrets data-key, and set DATA_ENCRYPTION_KEYS to what it prints."
        read.problem("MFA_POLICY", "needs DATA_ENCRYPTION_KEYS in production", fix=fix)
