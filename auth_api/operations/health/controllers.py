"""Endpoints for probes and scrapes."""

import asyncio
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from auth_api.kit.http.access import ACCESS, PUBLIC
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import EDGE_ERRORS, error_responses, public
from auth_api.kit.prometheus import CONTENT_TYPE
from auth_api.kit.request_context import RequestContext
from auth_api.operations.health.exposition import Exposition
from auth_api.operations.health.schemas import (
    CLIENT_PATH,
    EXAMPLE_NOT_READY,
    EXAMPLE_READY,
    Liveness,
    Readiness,
    SeenClient,
)
from auth_api.operations.health.service import HealthService

LIVE = Liveness(status="ok")

NOT_READY = ResponseSpec(
    data_container=Readiness,
    description="The instance should not receive requests. Only an overloaded server responds with a problem document.",
    generate_examples=False,
    examples=[Example(id="example", value=EXAMPLE_NOT_READY)],
)


class HealthController(Controller):
    """Liveness and readiness of the process."""

    path = "/health"
    tags = ("Operation",)

    @get("/live", summary="Liveness", operation_id="readLiveness", **public(response={"status": "ok"}))
    async def live(self) -> Liveness:
        """Return a constant. If this fails, restart the process."""
        return LIVE

    @get(
        "/ready",
        summary="Readiness",
        operation_id="readReadiness",
        **{**public(response=EXAMPLE_READY), "responses": {**error_responses(*EDGE_ERRORS), 503: NOT_READY}},
    )
    async def ready(self, health: Injected[HealthService]) -> Response[Readiness]:
        """Check the database and its migrations. While this returns 503, send no requests to this instance."""
        readiness = await health.readiness()
        return Response(readiness, status_code=200 if readiness.status == "ready" else 503)


class ClientController(Controller):
    """Show operators which client IP the server sees behind their proxies: for `auth-api doctor --url`.

    Not in the OpenAPI document, because it is not for clients.
    """

    path = CLIENT_PATH
    include_in_schema = False

    @get("/", opt={ACCESS: PUBLIC})
    async def client(
        self,
        request: Request[Any, Any, Any],
        request_context: Injected[RequestContext],
        exposition: Injected[Exposition],
    ) -> SeenClient:
        """Return the client's IP address as the server sees it, to clients that may read the metrics."""
        exposition.authorize(request.headers.get("authorization", ""))
        return SeenClient(
            address=request_context.client_ip,
            peer=request.client.host if request.client else None,
            forwarded=request.headers.get("x-forwarded-for"),
        )


class MetricsController(Controller):
    """Metrics for Prometheus.

    Not in the OpenAPI document, because it is not for clients and the metrics may have a port of their own.
    """

    path = "/metrics"
    include_in_schema = False

    @get("/", opt={ACCESS: PUBLIC})
    async def metrics(self, request: Request[Any, Any, Any], exposition: Injected[Exposition]) -> Response[bytes]:
        """Return all metrics. Requires METRICS_TOKEN as bearer token if it is set."""
        exposition.authorize(request.headers.get("authorization", ""))
        return Response(await asyncio.to_thread(exposition.render), media_type=CONTENT_TYPE)
