"""Read the URL of a PostgreSQL database as libpq does, and write it as asyncpg reads it.

asyncpg takes each parameter that it does not know for a setting of the server, which then rejects the connection.
"""

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import quote, unquote, unquote_plus

import msgspec

from auth_api.kit.setting import AMBIGUOUS_URL, is_ambiguous, split_authority

_PORT: Final = re.compile(r"[0-9]{1,5}")
_MAX_PORT: Final = 65535
_HOST: Final = re.compile(r"[A-Za-z0-9._%-]+")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z_.]{0,39}")

_PASSED_ON: Final = frozenset(
    (
        "host",
        "port",
        "dbname",
        "database",
        "user",
        "password",
        "passfile",
        "service",
        "krbsrvname",
        "gsslib",
        "sslcert",
        "sslkey",
        "sslrootcert",
        "sslcrl",
        "sslpassword",
        "search_path",
        "options",
        "role",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
        "idle_session_timeout",
        "transaction_timeout",
        "tcp_keepalives_idle",
        "tcp_keepalives_interval",
        "tcp_keepalives_count",
        "client_min_messages",
        "work_mem",
        "jit",
    )
)
"""What asyncpg reads, and settings of the server that are useful here; `options=-c NAME=VALUE` sets others."""

_TLS_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

_VALUES: Final = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _TLS_VERSIONS,
    "ssl_max_protocol_version": _TLS_VERSIONS,
    "target_session_attrs": ("any", "primary", "read-write"),
}
"""The accepted values of parameters that asyncpg reads; this server writes, so a standby is of no use to it."""

_WITHOUT_EFFECT: Final[dict[str, tuple[str, ...]]] = {
    "application_name": (),
    "channel_binding": ("disable", "prefer"),
    "client_encoding": ("auto", "utf8", "utf-8", "UTF8", "UTF-8"),
    "connect_timeout": (),
    "fallback_application_name": (),
    "gssdelegation": ("0",),
    "gssencmode": ("disable", "prefer"),
    "keepalives": (),
    "keepalives_count": (),
    "keepalives_idle": (),
    "keepalives_interval": (),
    "load_balance_hosts": ("disable",),
    "sslcertmode": ("allow",),
    "sslcompression": ("0",),
    "sslsni": ("1",),
    "tcp_user_timeout": (),
    "timezone": ("UTC",),
}
"""Parameters of libpq that are left out, with the values that need nothing from the driver; none means any value."""

_CACHE: Final = "set DATABASE_STATEMENT_CACHE_SIZE=0 instead"
_SEARCH_PATH: Final = "write search_path=NAME"
_POOL: Final = "set DATABASE_MAX_POOL_SIZE instead"
_TIMEOUT: Final = "set DATABASE_STATEMENT_TIMEOUT instead"
_INSTEAD: Final = {
    "ssl": "write sslmode=require",
    "schema": _SEARCH_PATH,
    "currentSchema": _SEARCH_PATH,
    "pgbouncer": _CACHE,
    "prepareThreshold": _CACHE,
    "statement_cache_size": _CACHE,
    "prepared_statement_cache_size": _CACHE,
    "connection_limit": _POOL,
    "pool_size": _POOL,
    "pool_timeout": "set DATABASE_POOL_TIMEOUT instead",
    "statement_timeout": _TIMEOUT,
    "command_timeout": _TIMEOUT,
    "socket_timeout": _TIMEOUT,
    "timeout": "set DATABASE_CONNECT_TIMEOUT instead",
}
"""Parameters of other programs, and what has their effect here."""


class PostgresUrl(msgspec.Struct, frozen=True, kw_only=True):
    """A URL as the driver reads it.

    Attributes:
        dsn: the URL without the parameters that have no effect.
        without_effect: names of the parameters that were left out.
        problems: what is wrong with it; contains no value of the URL.
    """

    dsn: str = ""
    without_effect: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Omit the DSN, which may contain a password."""
        return "PostgresUrl()"


def parse_postgres_url(rest: str) -> PostgresUrl:
    """Read what follows `postgresql://`."""
    if is_ambiguous(rest):
        return PostgresUrl(problems=(AMBIGUOUS_URL,))
    authority, tail = split_authority(rest)
    path, _, query = tail.partition("?")
    login, at, hosts = authority.rpartition("@")
    parameters = [(name, unquote_plus(value)) for name, _, value in (item.partition("=") for item in query.split("&"))]
    parameters = [(name, value) for name, value in parameters if name]
    names = [name for name, _ in parameters]
    problems = [*_host_problems(hosts, dict(parameters)), *filter(None, (_problem(*item) for item in parameters))]
    if "/" in path[1:]:
        problems.append("must name one database: write '/' in its name as %2F")
    if "host" in names and hosts:
        problems.append("must name its hosts only once: before the path, or with the parameter host")
    if len(set(names)) < len(names):
        problems.append("must have each parameter only once")
    user, colon, password = (quote(unquote(part), safe="") if part != ":" else part for part in login.partition(":"))
    kept = "&".join(f"{name}={quote(value, safe='/:,')}" for name, value in _kept(hosts, parameters))
    host = "" if _is_parameter(hosts, names) else hosts
    database = quote(unquote(path[1:]), safe="")
    return PostgresUrl(
        dsn=f"postgresql://{user}{colon}{password}{at}{host}"
        + (f"/{database}" if database else "")
        + f"?{kept}" * bool(kept),
        without_effect=tuple(name for name in names if name in _WITHOUT_EFFECT),
        problems=tuple(problems),
    )


def _is_parameter(hosts: str, names: Sequence[str]) -> bool:
    """Return whether asyncpg must get the hosts as a parameter.

    Python rejects several hosts with an IPv6 address before the path, and asyncpg then ignores the parameter port.
    """
    return bool(hosts) and (("," in hosts and "[" in hosts) or "port" in names)


def _kept(hosts: str, parameters: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    if _is_parameter(hosts, [name for name, _ in parameters]):
        yield "host", hosts
    yield from (item for item in parameters if item[0] not in _WITHOUT_EFFECT)


def _problem(name: str, value: str) -> str:
    """Return why a parameter is not accepted, or an empty text."""
    if (name, value) == ("sslrootcert", "system"):
        return "has a parameter sslrootcert that must be the path of a file, such as /etc/ssl/certs/ca-certificates.crt"
    values = _VALUES.get(name) or _WITHOUT_EFFECT.get(name, ())
    if name in _PASSED_ON or "." in name or (name in _WITHOUT_EFFECT and not values) or value in values:
        return ""
    shown = f"parameter {name}" if _NAME.fullmatch(name) else "parameter whose name cannot be shown"
    if values:
        reason = "; the driver cannot do more" if name in _WITHOUT_EFFECT else ""
        return f"has a {shown} that must be {' or '.join(values)}{reason}"
    return f"has the {shown}, which has no meaning here: {_INSTEAD.get(name, 'remove it')}"


def _host_problems(hosts: str, parameters: dict[str, str]) -> Iterator[str]:
    listed = (hosts or parameters.get("host", "")).split(",")
    ports = parameters["port"].split(",") if parameters.get("port") else []
    if listed != [""] and not all(_is_host(host) for host in listed):
        yield "must have hosts of the form name:port, an IPv6 address in brackets, or the folder of a socket as %2F…"
    if not all(_is_port(port) for port in ports):
        yield "must have ports from 1 to 65535"
    if len(ports) > 1 and len(ports) != len(listed):
        yield "must have one port, or as many ports as hosts"


def _is_host(text: str) -> bool:
    if text.startswith("/"):
        return True
    if text.startswith("["):
        address, bracket, port = text[1:].partition("]")
        try:
            ipaddress.IPv6Address(unquote(address))
        except ValueError:
            return False
        return bool(bracket) and (not port or (port.startswith(":") and _is_port(port[1:])))
    name, colon, port = text.partition(":")
    return _HOST.fullmatch(name) is not None and (not colon or _is_port(port))


def _is_port(text: str) -> bool:
    return _PORT.fullmatch(text) is not None and 1 <= int(text) <= _MAX_PORT
