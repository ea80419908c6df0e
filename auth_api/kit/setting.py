"""Describe on the field of a policy which environment variable sets it."""

import base64
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlsplit

PASTE_GENERATED: Final = "Run auth-api secrets generate, and paste what it prints."
"""The fix for a secret that cannot be used. `.env` runs no command, so an example could not be pasted."""

ID: Final = "<ID>"
"""Stands in the name of a variable that exists once for each provider."""

AMBIGUOUS_URL: Final = (
    "cannot be parsed: write blanks and special characters of the password as %XX "
    "('/' is %2F, '?' is %3F, '#' is %23, '@' is %40, '%' is %25)"
)

_NO_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})|%00|\$[{(]|\{\{")

_BASE_URL: Final = re.compile(
    r"""
    https?://
    (?: \[[0-9A-Fa-f:.]+\] | [A-Za-z0-9_] [A-Za-z0-9_-]* (?: \. [A-Za-z0-9_-]+ )* )
    (?: : (?P<port> [0-9]{1,5} ) )?
    (?: / [A-Za-z0-9._~!$&'()*+,;=:@%-]+ )*
    """,
    re.VERBOSE,
)
"""Scheme, host, port and path of RFC 3986; a name of another script is written as its A-label (`xn--…`)."""

_MAX_PORT: Final = 65535

_REFERENCE: Final = re.compile(
    r"""
    (?: \.{0,2}/ | ~ | [A-Z]:[\\/] | file: | vault: | keyvault: | op: | arn: | env: | ssm: | projects/ | ref\+ ).*
    | (?: secretref: | ENC\[ | @Microsoft\. | \{ | \#\{ ).*
    | (?-i: [a-z0-9_.-]+ (?: / [a-z0-9_.-]+ )+ )
    | \$\w+ | %\w+% | %\(\w+\)s | @\w+@ | __\w+__ | <.*>
    | .*(?: :// | \$\( | \$\{ | \{\{ | ` | \s ).*
    | .*\.(?: pem | key | txt | crt | der | jwk | json | secret )
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""A path, a placeholder or a command: what stands in a variable if nothing has replaced it with the secret."""

_RANDOM_BASE64: Final = re.compile(
    r"(?=.*[a-z]) (?=.*[0-9]) (?= (?: [^A-Z]* [A-Z] ){6} ) [A-Za-z0-9+/]{32,} ={,2}", re.VERBOSE
)
"""Base64 of random bytes; one of 64 begins with `/`, as a path does."""


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """The environment variable of a field: `port: Annotated[int, Setting("PORT", "Port of …", minimum=1)] = 8000`.

    The settings are read from it, and `make docs` writes docs/configuration.md from it: no name, default, bound or
    sentence stands anywhere else. The default is that of the field.

    Attributes:
        variable: name of the environment variable.
        meaning: one sentence for operators.
        minimum: the smallest accepted number.
        above: the number must be larger than this one.
        maximum: the largest accepted number.
        unit: unit of the number, such as `seconds`; a `timedelta` is made from it.
        choices: the accepted texts, in any case.
        parse: turns the text, or each text of a list, into the value; raises a ValueError that says what is wrong.
        accepts: the accepted values in words, where neither type nor bounds tell.
        example: a valid value, for error texts; the default if empty.
        fix: what to do about an invalid value, in one sentence that replaces the example in error texts.
        default_in: default by environment, where it is not that of the field.
        default_text: the default in words, where it is computed.
        is_secret: whether the value may also come from the file that `NAME_FILE` names.
    """

    variable: str
    meaning: str
    _: KW_ONLY
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    parse: Callable[[str], Any] | None = None
    accepts: str = ""
    example: str = ""
    fix: str = ""
    default_in: Mapping[str, Any] = field(default_factory=dict)
    default_text: str = ""
    is_secret: bool = False

    def for_provider(self, provider_id: str) -> "Setting":
        """Return the setting of one provider: the id replaces `<ID>`, in upper case and with `_` for `-`."""
        return replace(self, variable=self.variable.replace(ID, provider_id.upper().replace("-", "_")))

    @property
    def bounds(self) -> str:
        """The accepted numbers in words, such as `1 to 512`."""
        if self.minimum is not None and self.maximum is not None:
            return f"{self.minimum:.15g} to {self.maximum:.15g}"
        return f"{self.minimum:g} or more" if self.above is None else f"more than {self.above:g}"

    def is_within_bounds(self, number: float) -> bool:
        """Return whether a number is accepted; NaN and infinity never are."""
        return (
            number < math.inf
            and (self.minimum is None or number >= self.minimum)
            and (self.above is None or number > self.above)
            and (self.maximum is None or number <= self.maximum)
        )


def split_authority(rest: str) -> tuple[str, str]:
    """Return user, password and host of what follows `://` in a URL, and the rest."""
    end = next((index for index, character in enumerate(rest) if character in "/?#"), len(rest))
    return rest[:end], rest[end:]


def is_ambiguous(rest: str) -> bool:
    """Return whether a part of what follows `://` in a URL may be read in two ways, because characters are not escaped.

    A `/`, `?` or `#` of a password would end the host, and the rest of the password would be shown as a path.
    """
    authority, tail = split_authority(rest)
    is_plain = rest.isprintable() and " " not in rest and _NO_ESCAPE.search(rest) is None
    return not is_plain or authority.count("@") > 1 or "@" in tail or "#" in tail


def parse_base_url(text: str) -> str:
    """Return a URL to which paths can be appended; raise a ValueError for any other text."""
    try:
        scheme = urlsplit(text).scheme  # rejects what is not an IPv6 address between brackets
    except ValueError:
        scheme = ""
    base = scheme + text[len(scheme) :].rstrip("/")
    found = _BASE_URL.fullmatch(base)
    if found is None or not 0 < int(found["port"] or 1) <= _MAX_PORT or _NO_ESCAPE.search(base):
        message = "must be an http or https URL with a host, and without a user, blanks, query and fragment"
        raise ValueError(message)
    return base


def secret_problem(variable: str, text: str) -> str:
    """Return why a text is not a secret but something that leads to one; empty if it can be a secret."""
    if "-----BEGIN" in text or _is_encoded_key(text):
        return "is a key or certificate, not a secret; JWT_PRIVATE_KEY takes a key in PEM form"
    if not text.replace("\n", "").isprintable():
        return "contains a character that cannot be seen"
    # openssl breaks base64 into lines of 64 characters.
    if _REFERENCE.fullmatch(text) and not _RANDOM_BASE64.fullmatch(text.replace("\n", "")):
        return (
            "must be the secret itself, not a path, a placeholder or a command; "
            f"{variable}_FILE can name a file that contains it"
        )
    return ""


def _is_encoded_key(text: str) -> bool:
    """Return whether this is the base64 form of a PEM or DER key."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return False
    if data.startswith(b"-----BEGIN"):
        return True
    # DER: a sequence (0x30) with its length, which has more bytes if the first is above 0x80, and with a 2nd tag.
    header = 2 + (data[1] & 0x7F if data[1:2] > b"\x80" else 0)
    length = int.from_bytes(data[2:header] or data[1:2], "big")
    return data[:1] == b"\x30" and length == len(data) - header and data[header : header + 1] in {b"\x02", b"\x30"}
