"""Manifest of the user's own account."""

from typing import Final

from auth_api.flows.account.mails import MAIL_KINDS
from auth_api.manifest import Manifest

MANIFEST: Final = Manifest(
    mails=MAIL_KINDS,
    paths=(
        "/api/user/profile",
        "/api/user/password",
        "/api/user/audit-log",
        "/api/user/export",
        "/api/user/delete",
    ),
)
