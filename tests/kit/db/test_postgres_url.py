"""URLs of PostgreSQL: what is passed on to asyncpg, left out, or refused."""

from typing import Any
from urllib.parse import unquote

import pytest
from asyncpg.connect_utils import _parse_connect_dsn_and_args  # type: ignore[attr-defined]

from auth_api.kit.db.policy import DatabasePolicy
from auth_api.settings import Settings
from auth_api.settings.reader import InvalidSettingsError

pytestmark = pytest.mark.engine_independent

SECRET = {"JWT_SECRET_KEY": "qhX5RkTz0nWc7yLbV2sJ8dGf4mPa6uEo-hunter2"}


def policy(url: str) -> DatabasePolicy:
    return Settings.from_env({**SECRET, "DATABASE_URL": url}).database


def problems(url: str) -> list[str]:
    with pytest.raises(InvalidSettingsError) as raised:
        Settings.from_env({**SECRET, "DATABASE_URL": url})
    assert {problem.variable for problem in raised.value.problems} == {"DATABASE_URL"}
    assert all(problem.remedy for problem in raised.value.problems)
    return [problem.problem for problem in raised.value.problems]


def as_asyncpg_reads(dsn: str | None) -> tuple[Any, Any]:
    options = (
        "host port user password passfile database ssl service servicefile direct_tls "
        "server_settings target_session_attrs krbsrvname gsslib"
    )
    addresses, parameters, *_ = _parse_connect_dsn_and_args(dsn=dsn, **dict.fromkeys(options.split()))
    return addresses, parameters


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("postgresql://u@h/auth", [("h", 5432)]),
        ("postgres://u@h:5433/auth", [("h", 5433)]),
        ("POSTGRESQL://u@h/auth", [("h", 5432)]),
        ("postgresql+asyncpg://u@h/auth", [("h", 5432)]),
        ("postgresql://u@h1:5432,h2:5433/auth?target_session_attrs=read-write", [("h1", 5432), ("h2", 5433)]),
        ("postgresql://u@h1,h2/auth", [("h1", 5432), ("h2", 5432)]),
        ("postgresql://u@h1,h2/auth?port=5433", [("h1", 5433), ("h2", 5433)]),
        ("postgresql://u@/auth?host=h1,h2&port=1,2", [("h1", 1), ("h2", 2)]),
        ("postgresql://u@[::1]:5433/auth", [("::1", 5433)]),
        ("postgresql://u@[::1]:5433,[::2]:5434/auth", [("::1", 5433), ("::2", 5434)]),
        ("postgresql://u@h1,[::2]:5434/auth", [("h1", 5432), ("::2", 5434)]),
        ("postgresql://u@/auth?host=/var/run/postgresql", ["/var/run/postgresql/.s.PGSQL.5432"]),
        ("postgresql:///auth?user=u&host=%2Frun%2Fpg&port=5433", ["/run/pg/.s.PGSQL.5433"]),
        ("postgresql://u@h/?dbname=auth", [("h", 5432)]),
        ("postgresql://u@/?dbname=auth&host=/run/pg", ["/run/pg/.s.PGSQL.5432"]),
        ("postgresql://u@%2Fvar%2Frun%2Fpostgresql/auth", ["/var/run/postgresql/.s.PGSQL.5432"]),
    ],
)
def test_hosts_are_those_that_the_driver_connects_to(url: str, addresses: list[Any]) -> None:
    found, parameters = as_asyncpg_reads(policy(url).postgres_dsn)

    assert (found, parameters.database, parameters.user) == (addresses, "auth", "u")


@pytest.mark.parametrize(
    "password", ["p%40ss", "a%2Fb%3Fc%23d", "%25%20%3A%5B%5D", "a:b", "a[b", "p+q", "%C3%BC", "a;b&c=d"]
)
def test_password_is_decoded_once(password: str) -> None:
    _, parameters = as_asyncpg_reads(policy(f"postgresql://u:{password}@h/auth").postgres_dsn)

    assert parameters.password == unquote(password)


@pytest.mark.parametrize(
    "parameter",
    [
        "sslmode=verify-full",
        "sslrootcert=/etc/ca.pem",
        "options=-c%20search_path%3Dauth",
        "search_path=auth",
        "target_session_attrs=primary",
        "ssl_min_protocol_version=TLSv1.2",
        "passfile=/run/secrets/pgpass",
        "app.tenant=1",
    ],
)
def test_parameter_of_the_driver_is_passed_on(parameter: str) -> None:
    found = policy(f"postgresql://u@h/auth?{parameter}")

    assert (found.postgres_dsn, found.ignored_parameters) == (f"postgresql://u@h/auth?{parameter}", ())


@pytest.mark.parametrize(
    "parameter",
    [
        "application_name=auth",
        "channel_binding=prefer",
        "client_encoding=utf8",
        "connect_timeout=10",
        "fallback_application_name=auth",
        "gssencmode=disable",
        "keepalives=1",
        "keepalives_count=3",
        "keepalives_idle=60",
        "keepalives_interval=5",
        "load_balance_hosts=disable",
        "sslcompression=0",
        "sslsni=1",
        "tcp_user_timeout=1000",
        "timezone=UTC",
    ],
)
def test_parameter_without_effect_is_left_out(parameter: str) -> None:
    found = policy(f"postgresql://u@h/auth?sslmode=require&{parameter}")

    assert found.postgres_dsn == "postgresql://u@h/auth?sslmode=require"
    assert found.ignored_parameters == (parameter.partition("=")[0],)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("channel_binding=require", "has a parameter channel_binding that must be disable or prefer"),
        ("gssencmode=require", "has a parameter gssencmode that must be disable or prefer"),
        ("ssl=require", "has the parameter ssl, which has no meaning here: write sslmode=require"),
        ("ssl=true", "has the parameter ssl, which has no meaning here: write sslmode=require"),
        ("sslmode=no-verify", "has a parameter sslmode that must be disable or allow"),
        ("schema=auth", "has the parameter schema, which has no meaning here: write search_path=NAME"),
        ("currentSchema=auth", "has the parameter currentSchema, which has no meaning here: write search_path=NAME"),
        (
            "pgbouncer=true",
            "has the parameter pgbouncer, which has no meaning here: set DATABASE_STATEMENT_CACHE_SIZE=0",
        ),
        ("connection_limit=5", "has the parameter connection_limit, which has no meaning here: set DATABASE_MAX_POOL"),
        ("statement_timeout=5", "has the parameter statement_timeout, which has no meaning here: set DATABASE_STATEM"),
        ("require_auth=scram-sha-256", "has the parameter require_auth, which has no meaning here: remove it"),
        ("target_session_attrs=read-only", "has a parameter target_session_attrs that must be any or primary or"),
        ("ssl_min_protocol_version=SSLv3", "has a parameter ssl_min_protocol_version that must be TLSv1 or"),
        ("sslmode=verify-full&sslrootcert=system", "has a parameter sslrootcert that must be the path of a file"),
        ("sslnegotiation=maybe", "has a parameter sslnegotiation that must be postgres or direct"),
        ("hunter2=1", "has the parameter whose name cannot be shown, which has no meaning here: remove it"),
        ("sslmode", "has a parameter sslmode that must be disable or allow"),
        ("sslmode=require&sslmode=disable", "must have each parameter only once"),
        ("host=h2", "must name its hosts only once"),
        ("port=0", "must have ports from 1 to 65535"),
        ("port=5432,x", "must have ports from 1 to 65535"),
    ],
)
def test_parameter_that_cannot_be_kept_is_refused_by_name(query: str, problem: str) -> None:
    assert problems(f"postgresql://u:hunter2@h/auth?{query}")[0].startswith(problem)


def test_all_parameters_that_cannot_be_kept_are_refused_at_once() -> None:
    assert len(problems("postgresql://u@h/auth?ssl=true&schema=auth&pgbouncer=true")) == 3


@pytest.mark.parametrize(
    "hosts",
    [
        "h:0",
        "h:65536",
        "h:port",
        "h1,,h2",
        ",h",
        "::1",
        "[::1",
        "[h]",
        "[::1]5432",
        ":5432",
        "h:1:2",
        "h[1]",
        "h]",
        "b\u00fccher",
        "h\u2100h",
        "h|h",
    ],
)
def test_host_that_cannot_be_read_is_refused(hosts: str) -> None:
    assert problems(f"postgresql://u:hunter2@{hosts}/auth")[0].startswith("must have hosts of the form name:port")


def test_number_of_ports_must_be_that_of_the_hosts() -> None:
    assert problems("postgresql://u@h1,h2,h3/auth?port=1,2") == ["must have one port, or as many ports as hosts"]


def test_database_name_with_a_slash_is_refused() -> None:
    assert problems("postgresql://u@h/auth/")[0].startswith("must name one database")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("postgresql://u:hunter2@h1:5432,h2:5432/auth", "h1:5432,h2:5432/auth"),
        ("postgresql://u:hunter2@/auth?host=/var/run/postgresql", "/var/run/postgresql/auth"),
        ("postgresql://h/auth?user=u&password=hunter2%40x", "h/auth"),
        ("postgresql://h", "h"),
    ],
)
def test_place_names_hosts_and_database(url: str, place: str) -> None:
    assert policy(url).place == place
