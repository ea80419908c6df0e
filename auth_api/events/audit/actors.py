"""Who causes events, as `RequestContext.actor` and the rows name it.

Databases contain these values: never rename or reuse one.
"""

from typing import Final

from auth_api.kit.request_context import RequestContext

OWNER: Final = "owner"
"""In rows: the user whose history the event belongs to. No row names the id of a user who may be deleted later."""

COMMAND_LINE: Final = "cli"

COMMAND_LINE_DETAIL: Final = "command line"
"""Value of `by` in the details, with which versions without actors mark the events of the command line."""

COMMAND_LINE_CONTEXT: Final = RequestContext(actor=COMMAND_LINE)


def user_actor(user_id: int) -> str:
    """Return the actor of a request that carries a token of this user's session."""
    return f"user:{user_id}"


def service_actor(service_account_id: int) -> str:
    """Return the actor of a request that carries an API key of this service account."""
    return f"service:{service_account_id}"


def stored_actor(actor: str | None, user_id: int | None) -> str | None:
    """Return the value for the row of an event in the history of this user."""
    return OWNER if user_id is not None and actor == user_actor(user_id) else actor
