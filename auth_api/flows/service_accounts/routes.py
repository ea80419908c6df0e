"""Which callers the routes of service accounts accept."""

from typing import Final

from auth_api.kit.http.access import administration

PATH: Final = "/api/admin/service-accounts"
READS: Final = administration("service-accounts:read", accepts_key=True)
WRITES: Final = administration("service-accounts:write", needs_recent_proof=True)
