"""The log line about an administrator who has read an account. The security history contains only changes."""

from collections.abc import Mapping
from typing import Any, Final

from loguru import logger

from auth_api.kit.http.access import administrative_actor
from auth_api.kit.http.scope_keys import ERROR
from auth_api.kit.ids import parse_id

_ONE_USER: Final = "/api/admin/users/{user_id}"
"""Begin of the paths of one account."""


def log_read_account(scope: Mapping[str, Any]) -> None:
    """Log a successful request of an administrator that has read an account. Call it after the response."""
    actor, path = administrative_actor(scope), scope["path_template"]
    is_read = scope["method"] == "GET" and path.startswith(_ONE_USER) and ERROR not in scope["state"]
    if is_read and actor is not None:
        log = logger.bind(
            event="admin:read", actor=actor, user_id=parse_id(scope["path_params"]["user_id"]), route=path
        )
        log.info("account read by an administrator")
