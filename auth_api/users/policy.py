"""Settings of passwords, of e-mail verification and of registration."""

from typing import Annotated, Final

import msgspec

from auth_api.kit.errors import ValidationException
from auth_api.kit.setting import Setting
from auth_api.users.identifiers import canonical_email

OPEN: Final = "open"
INVITE: Final = "invite"

_WILDCARD: Final = "*."


def parse_domain(text: str) -> str:
    """Return a domain of e-mail addresses in the form in which they are stored; `*.` before it means its subdomains.

    Raises:
        ValueError: no accepted e-mail address has such a domain. The message is for operators.
    """
    wildcard = _WILDCARD if text.startswith(_WILDCARD) else ""
    try:
        return wildcard + canonical_email(f"a@{text.removeprefix(_WILDCARD)}").removeprefix("a@")
    except ValidationException:
        message = "must list domains of e-mail addresses, such as example.com or *.example.com"
        raise ValueError(message) from None


class PasswordPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Rules for new passwords.

    NIST SP 800-63B-4 §3.1.1.2 asks for length and a blocklist and advises against composition rules: those can be
    switched off, the others cannot.

    Attributes:
        min_length: shortest password, in code points after NFC.
        max_length: longest password, in code points after NFC.
        max_bytes: longest password, in bytes of UTF-8.
    """

    require_complexity: Annotated[
        bool,
        Setting(
            "PASSWORD_REQUIRE_COMPLEXITY",
            "Whether a new password needs an upper-case letter, a lower-case letter, a digit and a symbol; length and "
            "blocklist are always checked.",
        ),
    ] = True
    min_length: int = 12
    max_length: int = 128
    max_bytes: int = 512


class VerificationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What a verified e-mail address is needed for."""

    required: Annotated[
        bool,
        Setting(
            "REQUIRE_EMAIL_VERIFICATION",
            "Whether the e-mail address must be verified before the first login; needs mail. `MFA_POLICY=required` "
            "implies it.",
        ),
    ] = False
    before_signup: Annotated[
        bool,
        Setting(
            "REGISTRATION_ENUMERATION_SAFE",
            "Whether an account exists only after the link in the mail is used, so that registration does not reveal "
            "who has an account; needs `REQUIRE_EMAIL_VERIFICATION`.",
        ),
    ] = False


class RegistrationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Who may create an account, and with which e-mail addresses."""

    mode: Annotated[
        str,
        Setting(
            "REGISTRATION",
            "Who can create an account: `open` means everybody. With `invite`, accounts are created only by "
            "invitations, administrators and the command line.",
            choices=(OPEN, INVITE),
        ),
    ] = OPEN
    domains: Annotated[
        tuple[str, ...],
        Setting(
            "REGISTRATION_DOMAINS",
            "Domains of the e-mail addresses with which people can register, and to which they can change their own. "
            "`*.example.com` means the subdomains of `example.com`, not the domain itself.",
            parse=parse_domain,
            accepts="list of domains",
            example='["example.com", "*.example.com"]',
            default_text="all",
        ),
    ] = ()

    @property
    def is_open(self) -> bool:
        """Whether everybody can create an account."""
        return self.mode == OPEN

    def allows(self, email: str) -> bool:
        """Return whether people can have this e-mail address by their own choice."""
        domain = email.rpartition("@")[2]
        return not self.domains or any(
            domain.endswith(each.removeprefix("*")) if each.startswith(_WILDCARD) else domain == each
            for each in self.domains
        )
