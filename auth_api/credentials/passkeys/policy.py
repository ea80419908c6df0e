"""Settings of passkeys."""

import ipaddress
import re
from typing import Annotated, Final

import msgspec

from auth_api.kit.http.origins import parse_origin
from auth_api.kit.setting import Setting

_LOCAL_HOST: Final = "localhost"

_DOMAIN: Final = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+(?!\d+\Z)[a-z0-9-]{1,63}")

_ORIGIN: Final = re.compile(r"(https?)://([^:/]+)(?::\d+)?")


def parse_rp_id(text: str) -> str:
    """Return an RP id that browsers accept (WebAuthn L3 §5.1.3): a domain, or `localhost`.

    Raises:
        ValueError: any other text, such as an IP address, for which browsers create no passkeys.
    """
    if text == _LOCAL_HOST or (_DOMAIN.fullmatch(text) and not _is_address(text)):
        return text
    message = (
        "must be a domain with a dot, in lower case, or localhost: browsers accept no IP address and no other name"
    )
    raise ValueError(message)


def parse_passkey_origin(text: str) -> str:
    """Return an origin whose pages browsers let use passkeys.

    Raises:
        ValueError: any other text, such as an http origin of another machine.
    """
    found = _ORIGIN.fullmatch(parse_origin(text))
    if found is None or (found[1] == "http" and found[2] != _LOCAL_HOST):
        message = "must be an https origin, or http://localhost with any port"
        raise ValueError(message)
    return text


def fits_rp_id(origin: str, rp_id: str) -> bool:
    """Return whether a page of this origin may use passkeys of this RP id: its host is that domain or a part of it."""
    found = _ORIGIN.fullmatch(origin)
    return found is not None and (found[2] == rp_id or found[2].endswith(f".{rp_id}"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


class PasskeyPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Whether users can have passkeys, and on which pages these work.

    Attributes:
        product: the product's name, which browsers and authenticators may show.
        problem: why passkeys are off although nothing switches them off; empty otherwise.
    """

    enabled: Annotated[
        bool,
        Setting(
            "PASSKEYS_ENABLED",
            "Whether users can log in with passkeys.",
            default_text="`true`, if `PASSKEY_RP_ID` and `PASSKEY_ORIGINS` allow it; otherwise `false`, with a warning",
        ),
    ] = True
    rp_id: Annotated[
        str,
        Setting(
            "PASSKEY_RP_ID",
            "Domain that passkeys belong to (RP id). A new one makes all existing passkeys unusable.",
            parse=parse_rp_id,
            accepts="a domain, or `localhost`",
            example="your-company.com",
            default_text="host of `FRONTEND_URL`",
        ),
    ] = ""
    origins: Annotated[
        tuple[str, ...],
        Setting(
            "PASSKEY_ORIGINS",
            "Origins whose web pages may use passkeys; each host is that of `PASSKEY_RP_ID` or below it.",
            parse=parse_passkey_origin,
            accepts="list of https origins; also `http://localhost` with any port",
            example='["https://app.your-company.com"]',
            default_text="origins of `PUBLIC_URL` and `FRONTEND_URL`, in development also `CORS_ORIGINS` and "
            "`COOKIE_ORIGINS`, as far as they fit `PASSKEY_RP_ID`",
        ),
    ] = ()
    product: str = ""
    problem: str = ""
