"""Manifest of the security history of all users."""

from typing import Final

from auth_api.flows.security_history.controllers import SecurityHistoryController
from auth_api.manifest import Feature, Manifest
from auth_api.throttling.policy import MINUTE, ClientIpLimit

MANIFEST: Final = Manifest(
    tags={"Security history": "What happened to accounts and to the server, for administrators."},
    paths=("/api/admin/audit", "/api/admin/audit/export", "/api/admin/users/{user_id}/audit"),
    limits=lambda _: (ClientIpLimit(name="audit_export", requests=60, window_seconds=MINUTE, is_per_caller=True),),
    build=lambda _core, _settings: Feature(controllers=(SecurityHistoryController,)),
)
