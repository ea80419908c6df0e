"""What `protocol.py` and `server.py` build upon is no public API of uvicorn: a change of it is noticed here."""

# ruff: noqa: SLF001 - that is what it is about

import inspect
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState

from auth_api.server import http_protocol, server, worker
from auth_api.server.policy import ServerPolicy

SIGNATURES = {
    HttpToolsProtocol.__init__: "(self, config, server_state, app_state, _loop=None)",
    HttpToolsProtocol.connection_made: "(self, transport)",
    HttpToolsProtocol.connection_lost: "(self, exc)",
    HttpToolsProtocol.data_received: "(self, data)",
    HttpToolsProtocol.on_message_begin: "(self)",
    HttpToolsProtocol.on_headers_complete: "(self)",
    HttpToolsProtocol.on_message_complete: "(self)",
    HttpToolsProtocol.on_response_complete: "(self)",
    HttpToolsProtocol._should_upgrade: "(self)",
    HttpToolsProtocol._unset_keepalive_if_required: "(self)",
    HttpToolsProtocol._start_asgi_task: "(self, cycle, app)",
    RequestResponseCycle.__init__: (
        "(self, scope, transport, flow, logger, access_logger, access_log, default_headers, message_event, "
        "expect_100_continue, keep_alive, on_response)"
    ),
    FlowControl.pause_reading: "(self)",
    FlowControl.resume_reading: "(self)",
    ServerState.__init__: "(self)",
    Server.__init__: "(self, config)",
    Server.capture_signals: "(self)",
    Server.handle_exit: "(self, sig, frame)",
    Server.startup: "(self, sockets=None)",
    Server.on_tick: "(self, counter)",
    Server.shutdown: "(self, sockets=None)",
    Server._wait_tasks_to_complete: "(self)",
}


def without_types(function: Any) -> str:
    signature = inspect.signature(function)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


@pytest.mark.parametrize(("function", "signature"), SIGNATURES.items(), ids=[f.__qualname__ for f in SIGNATURES])
def test_what_is_overridden_or_called_is_as_it_was(function: Any, signature: str) -> None:
    assert without_types(function) == signature


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (http_protocol.Connection, HttpToolsProtocol),
        (server.Server, Server),
        (worker.WorkerServer, Server),
    ],
)
def test_every_override_is_listed(ours: type, theirs: type) -> None:
    inherited = {name for name in vars(ours) if callable(vars(ours)[name]) and hasattr(theirs, name)}
    listed = {function.__name__ for function in SIGNATURES}

    assert inherited - listed == set()


def test_a_connection_has_the_attributes_that_are_used() -> None:
    used = {"scope", "cycle", "url", "headers", "pipeline", "parser", "flow", "transport", "app"}
    source = inspect.getsource(HttpToolsProtocol.__init__) + inspect.getsource(HttpToolsProtocol.on_message_begin)

    assert {name for name in used if f"self.{name}" in source} == used


def test_the_steps_of_the_end_are_the_ones_that_are_filled_in() -> None:
    """The wait for requests is replaced, and stands between the closing of the sockets and of the application."""
    steps = ["server.close()", "connection.shutdown()", "self._wait_tasks_to_complete()", "self.lifespan.shutdown()"]

    source = inspect.getsource(Server.shutdown)

    assert [source.index(step) for step in steps] == sorted(source.index(step) for step in steps)


def test_uvicorn_is_told_to_use_what_is_ours() -> None:
    config = server.configuration(ServerPolicy(keep_alive_timeout=65))

    assert isinstance(config, Config)
    assert (config.http, config.timeout_keep_alive, config.limit_concurrency) == (http_protocol.Connection, 65, None)
    assert (config.access_log, config.server_header, config.proxy_headers, config.ws) == (False, False, False, "none")
