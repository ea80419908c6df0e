"""Probes and metrics."""

import asyncio
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Example

from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.openapi import PUBLIC, public
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
    description="Requests should go elsewhere. Not an error envelope.",
    generate_examples=False,
    examples=[Example(id="example", value=EXAMPLE_NOT_READY)],
)


class HealthController(Controller):
    """Tell whether the process lives, and whether it can work."""

    path = "/health"
    tags = ("Operation",)

    @get("/live", summary="Liveness", operation_id="readLiveness", **public(response={"status": "ok"}))
    async def live(self) -> Liveness:
        """Answer, without touching anything: restart the process when this fails."""
        return LIVE

    @get(
        "/ready",
        summary="Readiness",
        operation_id="readReadiness",
        **{**public(response=EXAMPLE_READY), "responses": {503: NOT_READY}},
    )
    async def ready(self, health: Injected[HealthService]) -> Response[Readiness]:
        """Check database and migrations: send requests elsewhere while this answers 503."""
        readiness = await health.readiness()
        return Response(readiness, status_code=200 if readiness.status == "ready" else 503)


class ClientController(Controller):
    """Tell an operator what proxies make of them: `auth-api doctor --url` asks. Not in the OpenAPI document either."""

    path = CLIENT_PATH
    include_in_schema = False

    @get("/", opt={PUBLIC: True})
    async def client(
        self,
        request: Request[Any, Any, Any],
        request_context: Injected[RequestContext],
        exposition: Injected[Exposition],
    ) -> SeenClient:
        """Return the address of who asks, as it is seen, to who may read the metrics."""
        exposition.admit(request.headers.get("authorization", ""))
        return SeenClient(
            address=request_context.ip_address,
            peer=request.client.host if request.client else None,
            forwarded=request.headers.get("x-forwarded-for"),
        )


class MetricsController(Controller):
    """Tell Prometheus. Not in the OpenAPI document: no client reads it, and not every server has it on this port."""

    path = "/metrics"
    include_in_schema = False

    @get("/", opt={PUBLIC: True})
    async def metrics(self, request: Request[Any, Any, Any], exposition: Injected[Exposition]) -> Response[bytes]:
        """Return all metrics to who has METRICS_TOKEN, or to everybody where there is none."""
        exposition.admit(request.headers.get("authorization", ""))
        return Response(await asyncio.to_thread(exposition.read), media_type=CONTENT_TYPE)
