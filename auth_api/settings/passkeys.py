"""Settings of passkeys."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from auth_api.credentials.passkeys.policy import PasskeyPolicy, fits_rp_id, parse_passkey_origin, parse_rp_id
from auth_api.kit.http.origins import origin_of
from auth_api.kit.http.policy import HttpPolicy
from auth_api.kit.mail.policy import MailPolicy
from auth_api.settings.reader import Environment, Reader


def read_passkeys(read: Reader, http: HttpPolicy, mail: MailPolicy) -> PasskeyPolicy:
    """Read whether passkeys are on and where they work; by default where this server and its frontend are.

    Values that are set must be right. Defaults that allow no passkeys switch them off, unless they are required.
    """
    values = read.values(PasskeyPolicy, {"rp_id": urlsplit(mail.frontend_url).hostname or ""})
    rp_id, origins = values["rp_id"], values["origins"]
    if read.is_set("PASSKEY_ORIGINS"):
        if not all(fits_rp_id(origin, rp_id) for origin in origins):
            read.problem("PASSKEY_ORIGINS", f"must have only hosts that are {rp_id} or end with .{rp_id}")
    else:
        origins = tuple(dict.fromkeys(_own_origins(read, http, mail, rp_id)))
    problem = _problem(rp_id, origins)
    if values["enabled"] and problem:
        if read.is_set("PASSKEYS_ENABLED"):
            read.problem("PASSKEYS_ENABLED", f"cannot be true: {problem}", "false")
        elif read.is_set("PASSKEY_RP_ID") and not read.has_problem("PASSKEY_ORIGINS"):
            read.problem("PASSKEY_RP_ID", f"has no effect: {problem}")
    is_on = values["enabled"] and not problem
    return PasskeyPolicy(
        enabled=is_on,
        rp_id=rp_id,
        origins=origins,
        product=mail.product,
        problem=problem if values["enabled"] else "",
    )


def _own_origins(read: Reader, http: HttpPolicy, mail: MailPolicy, rp_id: str) -> Iterator[str]:
    of_pages = dict.fromkeys((*http.cors_origins, *http.cookie_origins))
    others = of_pages if read.environment is Environment.DEVELOPMENT else ()
    for url in (http.public_url, mail.frontend_url, *others):
        try:
            origin = parse_passkey_origin(origin_of(url))
        except ValueError:
            continue
        if fits_rp_id(origin, rp_id):
            yield origin


def _problem(rp_id: str, origins: tuple[str, ...]) -> str:
    """Return why browsers would create no passkeys; empty if they do."""
    try:
        parse_rp_id(rp_id)
    except ValueError:
        return f"PASSKEY_RP_ID is {rp_id or 'empty'}, and browsers accept only a domain or localhost"
    if not origins:
        return f"no origin fits PASSKEY_RP_ID={rp_id}: set PASSKEY_ORIGINS to https origins of that domain"
    return ""
