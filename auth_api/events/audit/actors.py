"""Who causes events, as `RequestContext.actor` and the rows name it.

Databases contain these values: never rename or reuse one.
"""

import re
from typing import Final

from auth_api.kit.request_context import RequestContext

OWNER: Final = "owner"
"""In rows: the user whose history the event belongs to. No row names the id of a user who may be deleted later."""

COMMAND_LINE: Final = "cli"

COMMAND_LINE_DETAIL: Final = "command line"
"""Value of `by` in the details, with which versions without actors mark the events of the command line."""

COMMAND_LINE_CONTEXT: Final = RequestContext(actor=COMMAND_LINE)

ADMINISTRATOR: Final = "administrator"
PROVIDER: Final = "provider"
SERVICE: Final = "service"

_KINDS: Final = {
    OWNER: "owner",
    COMMAND_LINE: "operator",
    "user": ADMINISTRATOR,
    "service": SERVICE,
    PROVIDER: PROVIDER,
}
"""What users see of an actor, by the part before its id."""

_SENT_BY_LINK: Final = frozenset({"email:changed", "email:verified"})
"""Events of a mailed link, which a request with the session of any other user can cause."""


def user_actor(user_id: int) -> str:
    """Return the actor of a request that carries a token of this user's session."""
    return f"user:{user_id}"


def service_actor(service_account_id: int) -> str:
    """Return the actor of a request that carries an API key of this service account."""
    return f"service:{service_account_id}"


def provider_actor(provider: str) -> str:
    """Return the actor of what follows from the data of a user at a provider."""
    return f"{PROVIDER}:{provider}"


def provider_of(actor: str) -> str:
    """Return the id of the provider that an actor is."""
    return actor.removeprefix(f"{PROVIDER}:")


def owner_of(actor: str) -> int | None:
    """Return the id in the actor of a user's session; None for other actors."""
    kind, _, number = actor.partition(":")
    return int(number) if kind == "user" and re.fullmatch("[1-9][0-9]{0,17}", number) else None


def stored_actor(actor: str | None, user_id: int | None) -> str | None:
    """Return the value for the row of an event in the history of this user."""
    return OWNER if user_id is not None and actor == user_actor(user_id) else actor


def seen_as(actor: str | None, action: str) -> str | None:
    """Return what a user sees of the actor of an event: the kind of actor, without its id."""
    kind = (actor or "").partition(":")[0]
    return None if kind == "user" and action in _SENT_BY_LINK else _KINDS.get(kind)
