"""Print sessions on the command line."""

import json
from collections.abc import Sequence

import click

from auth_api.kit.clock import rfc3339
from auth_api.kit.device import device_label
from auth_api.kit.text_tables import print_table
from auth_api.sessions.principal import LiveSession


def session_fields(session: LiveSession) -> dict[str, str | None]:
    """Return a session as operators see it."""
    return {
        "id": str(session.id),
        "device": device_label(session.user_agent),
        "ip_address": session.ip_address,
        "created_at": rfc3339(session.created_at),
        "last_used_at": rfc3339(session.last_used_at),
        "expires_at": rfc3339(session.expires_at),
    }


def print_sessions(found: Sequence[LiveSession], *, as_json: bool = False) -> None:
    """Print sessions as a table, or as JSON."""
    documents = [session_fields(session) for session in found]
    if as_json:
        click.echo(json.dumps(documents, indent=2))
    else:
        columns = ("id", "device", "ip_address", "created_at", "last_used_at", "expires_at")
        print_table(columns, (document.values() for document in documents))
