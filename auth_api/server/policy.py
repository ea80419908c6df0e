"""Settings of the server process and its connections."""

import os
from functools import partial
from typing import Annotated

import msgspec

from auth_api.kit.setting import Setting

_timeout = partial(Setting, minimum=0.1, maximum=300, unit="seconds")


class ServerPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Address and processes of the server, and how long it waits, in seconds."""

    host: Annotated[
        str,
        Setting(
            "HOST", "Address to listen on; also an option of `auth-api serve`.", accepts="an IP address or a host name"
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int, Setting("PORT", "Port to listen on; also an option of `auth-api serve`.", minimum=1, maximum=65535)
    ] = 8000
    workers: Annotated[
        int,
        Setting(
            "WORKERS",
            "Number of worker processes; must be 1 with SQLite in production. Also an option of `auth-api serve`.",
            minimum=1,
            maximum=512,
        ),
    ] = 1
    header_timeout: Annotated[
        float,
        _timeout(
            "REQUEST_HEADER_TIMEOUT",
            "Time a client has to send the request line and headers, counted from the first byte or from the opening "
            "of the connection; then 408.",
        ),
    ] = 10.0
    body_timeout: Annotated[
        float, _timeout("REQUEST_BODY_TIMEOUT", "Time a client has to send the body after the headers; then 408.")
    ] = 10.0
    request_timeout: Annotated[
        float,
        _timeout(
            "REQUEST_TIMEOUT",
            "Time from the end of the headers to the response; then the request is rolled back and ends with 503.",
        ),
    ] = 10.0
    keep_alive_timeout: Annotated[
        float,
        Setting(
            "KEEP_ALIVE_TIMEOUT",
            "Idle time allowed on a keep-alive connection; set it higher than that of the proxy in front.",
            minimum=0.1,
            maximum=3600,
            unit="seconds",
        ),
    ] = 5.0
    max_connections: Annotated[
        int,
        Setting(
            "MAX_CONNECTIONS",
            "Open connections per worker process; further ones get 503, unless slow ones can be closed for them. A "
            "client IP (not of `TRUSTED_PROXIES`) with more than a quarter of them gives way to others.",
            minimum=1,
            maximum=100_000,
        ),
    ] = 1000
    shutdown_delay: Annotated[
        float,
        Setting(
            "SHUTDOWN_DELAY",
            "Time after SIGTERM in which requests are still accepted and `/health/ready` returns 503, so that a load "
            "balancer can stop sending requests.",
            minimum=0,
            maximum=300,
            unit="seconds",
            default_in={"production": 5.0},
        ),
    ] = 0.0
    shutdown_timeout: Annotated[
        float, _timeout("SHUTDOWN_TIMEOUT", "Time after `SHUTDOWN_DELAY` that running requests have to finish.")
    ] = 20.0


def usable_cores() -> int:
    """Return the number of CPU cores this process may use: fewer than the machine has if it is pinned to some."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
