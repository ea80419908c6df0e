"""`auth_api.server` overrides methods of uvicorn that are not a public API; a change of them must be noticed."""

# ruff: noqa: SLF001 - private methods are the subject of this test

import inspect
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import Server, ServerState

from auth_api import server as package
from auth_api.server.http_protocol import HttpProtocol
from auth_api.server.policy import ServerPolicy
from auth_api.server.server import configuration

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


def signature_without_types(function: Any) -> str:
    signature = inspect.signature(function)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
    return str(signature.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def subclasses_of_uvicorn() -> Iterator[type]:
    """Yield every class of `auth_api.server` that inherits from a class of uvicorn, directly or not."""
    for module_info in iter_modules(package.__path__, f"{package.__name__}."):
        module = import_module(module_info.name)
        for _, ours in inspect.getmembers(module, inspect.isclass):
            if ours.__module__ == module.__name__ and any(is_of_uvicorn(base) for base in ours.__mro__):
                yield ours


def is_of_uvicorn(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "uvicorn"


def overridden_methods(ours: type) -> Iterator[Any]:
    """Yield the methods of uvicorn that a class overrides."""
    for name, member in vars(ours).items():
        for base in ours.__mro__[1:]:
            if is_of_uvicorn(base) and callable(member) and callable(inherited := vars(base).get(name)):
                yield inherited


@pytest.mark.parametrize(("function", "signature"), SIGNATURES.items(), ids=[f.__qualname__ for f in SIGNATURES])
def test_uvicorn_method_has_the_expected_signature(function: Any, signature: str) -> None:
    assert signature_without_types(function) == signature


def test_every_overridden_method_is_listed() -> None:
    overridden = {method for ours in subclasses_of_uvicorn() for method in overridden_methods(ours)}

    assert {ours.__name__ for ours in subclasses_of_uvicorn()} == {
        "HttpProtocol",
        "LimitedServerState",
        "Server",
        "WorkerServer",
    }
    assert {method.__qualname__ for method in overridden - SIGNATURES.keys()} == set()


def test_connection_has_the_attributes_that_are_used() -> None:
    used = {"scope", "cycle", "url", "headers", "pipeline", "parser", "flow", "transport", "app"}
    source = inspect.getsource(HttpToolsProtocol.__init__) + inspect.getsource(HttpToolsProtocol.on_message_begin)

    assert {name for name in used if f"self.{name}" in source} == used


def test_shutdown_waits_for_requests_between_closing_the_sockets_and_the_application() -> None:
    steps = ["server.close()", "connection.shutdown()", "self._wait_tasks_to_complete()", "self.lifespan.shutdown()"]

    source = inspect.getsource(Server.shutdown)

    assert [source.index(step) for step in steps] == sorted(source.index(step) for step in steps)


def test_uvicorn_is_configured_to_use_our_protocol_and_limits() -> None:
    config = configuration(ServerPolicy(keep_alive_timeout=65))

    assert isinstance(config, Config)
    assert (config.http, config.timeout_keep_alive, config.limit_concurrency) == (HttpProtocol, 65, None)
    assert (config.access_log, config.server_header, config.proxy_headers, config.ws) == (False, False, False, "none")
