"""The canonical form of an e-mail address, and the spellings that are rejected."""

import pytest

from auth_api.kit.errors import FieldError, ValidationException
from auth_api.users.identifiers import canonical_email, masked_email

pytestmark = pytest.mark.engine_independent

LONGEST_DOMAIN = f"{'d' * 62}.{'e' * 62}.{'f' * 59}.com"
LONGEST = f"{'a' * 64}@{LONGEST_DOMAIN}"

ACCEPTED = {
    "ada@example.com": "ada@example.com",
    "Ada@EXAMPLE.Com": "ada@example.com",
    "ada+news@example.com": "ada+news@example.com",
    "o'hara@example.com": "o'hara@example.com",
    "!#$%&'*+-/=?^_`{|}~@example.com": "!#$%&'*+-/=?^_`{|}~@example.com",
    "ada@xn--bcher-kva.example": "ada@xn--bcher-kva.example",
    "ada@XN--BCHER-KVA.example": "ada@xn--bcher-kva.example",
    "ada@bücher.example": "ada@xn--bcher-kva.example",
    "ada@BÜCHER.example": "ada@xn--bcher-kva.example",
    "ada@straße.de": "ada@xn--strae-oqa.de",
    "ada@例え.jp": "ada@xn--r8jz45g.jp",
    "ada@corp.internal": "ada@corp.internal",
    "ada@home.lan": "ada@home.lan",
    "ada@example.corp": "ada@example.corp",
    "ada@office.localdomain": "ada@office.localdomain",
    "ada@mail.example": "ada@mail.example",
    "ada@local.example": "ada@local.example",
    LONGEST: LONGEST,
    f"{'a' * 64}@example.com": f"{'a' * 64}@example.com",
}

INVALID = {
    "empty": "",
    "no @": "ada.example.com",
    "two @": "ada@home@example.com",
    "no local part": "@example.com",
    "no domain": "ada@",
    "only an @": "@",
    "255 characters": f"a{LONGEST}",
    "a local part of 65 characters": f"{'a' * 65}@example.com",
    "254 characters that exceed 254 as A-labels": f"{'a' * 64}@{'ü' * 20}.{'d' * 62}.{'e' * 62}.{'f' * 38}.com",
    "a label of 64 characters": f"ada@{'a' * 64}.com",
    "a leading space": " ada@example.com",
    "a trailing space": "ada@example.com ",
    "a space inside": "ada lovelace@example.com",
    "a space after the @": "ada@ example.com",
    "a no-break space": "ada\u00a0@example.com",
    "a zero-width space": "ada@exam\u200bple.com",
    "a line break": "ada@example.com\nbcc:eve@example.com",
    "a trailing dot": "ada@example.com.",
    "a local part that ends in a dot": "ada.@example.com",
    "two dots in the local part": "ada..l@example.com",
    "two dots in the domain": "ada@example..com",
    "a quoted local part": '"ada"@example.com',
    "a quoted @": '"ada@home"@example.com',
    "a comment": "ada(home)@example.com",
    "a display name": "Ada <ada@example.com>",
    "two addresses separated by a comma": "ada@example.com,eve@example.com",
    "two addresses separated by a semicolon": "ada@example.com;eve@example.com",
    "two local parts": "ada,eve@example.com",
    "an address literal": "ada@[127.0.0.1]",
    "an IP address": "ada@127.0.0.1",
    "a domain of one label": "ada@intranet",
    "a domain for special use with a trailing dot": "ada@corp.local.",
    "an underscore in the domain": "ada@my_host.com",
    "a label that begins with a hyphen": "ada@-example.com",
    "an invalid A-label": "ada@xn--a.com",
    "a local part in Cyrillic": "ада@example.com",
    "a local part with an umlaut": "ädä@example.com",
}

FOLDED = {
    "a ligature": "\ufb01ona@example.com",
    "a long s": "\u017fam@example.com",
    "a Kelvin sign": "\u212aarl@example.com",
    "a full-width letter": "\uff41da@example.com",
    "a full-width @": "ada\uff20example.com",
    "a small @": "ada\ufe6bexample.com",
    "a dotted capital I": "\u0130da@example.com",
    "a variation selector": "a\ufe0fda@example.com",
    "a full-width letter in the domain": "ada@\uff45xample.com",
    "a ligature in the domain": "ada@\ufb01ona.com",
    "a long s in the domain": "ada@\u017fam.com",
    "a Kelvin sign in the domain": "ada@\u212aarl.com",
    "a circled letter in the domain": "ada@\u24d4xample.com",
    "an ideographic full stop": "ada@example\u3002com",
    "a full-width full stop": "ada@example\uff0ecom",
    "a variation selector in the domain": "ada@exam\ufe0fple.com",
    "a grapheme joiner in the domain": "ada@exam\u034fple.com",
    "a soft hyphen in the domain": "ada@exam\u00adple.com",
    "a full-width letter among umlauts": "ada@bü\uff43her.example",
    "an umlaut in two characters": "ada@bu\u0308cher.example",
}


@pytest.mark.parametrize(("raw", "stored"), ACCEPTED.items())
def test_email_has_one_canonical_form(raw: str, stored: str) -> None:
    assert canonical_email(raw) == stored
    assert canonical_email(stored) == stored


@pytest.mark.parametrize("raw", [*INVALID.values(), *FOLDED.values()], ids=[*INVALID, *FOLDED])
def test_invalid_or_folded_email_is_rejected(raw: str) -> None:
    with pytest.raises(ValidationException) as rejected:
        canonical_email(raw)

    assert rejected.value.errors == (FieldError("email", "format", "Must be a valid e-mail address."),)


@pytest.mark.parametrize(
    "domain",
    [
        *("corp.local", "CORP.LOCAL", "bücher.local", "mail.test", "router.home.arpa", "localhost", "a.localhost"),
        *("mail.invalid", "hidden.onion", "local", "test"),
    ],
)
def test_email_at_a_domain_for_special_use_is_rejected_with_the_reason(domain: str) -> None:
    with pytest.raises(ValidationException) as rejected:
        canonical_email(f"ada@{domain}")

    message = "Must have a domain that can receive e-mail: names such as `.local` and `.test` are reserved."
    assert rejected.value.errors == (FieldError("email", "reserved", message),)


def test_email_length_limit_applies_to_the_canonical_form() -> None:
    assert len(LONGEST) == 254
    assert len(INVALID["254 characters that exceed 254 as A-labels"]) == 254


@pytest.mark.parametrize(
    ("email", "masked"),
    [
        ("grace@example.org", "g***@e***.org"),
        ("g@mail.evil-prizes.example", "g***@m***.example"),
        ("www.evil.example@x.org", "w***@x***.org"),
        ("root@localhost", "r***@***.localhost"),
    ],
)
def test_masked_email_shows_only_first_letters_and_the_top_level_domain(email: str, masked: str) -> None:
    assert masked_email(email) == masked
