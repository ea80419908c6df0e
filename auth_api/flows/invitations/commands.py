"""Invite people from the command line: `auth-api invitations`."""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from auth_api.events.audit.actors import COMMAND_LINE_CONTEXT
from auth_api.flows.invitations.admin_schemas import (
    DEFAULT_HOURS,
    InvitationRequest,
    InvitationResponse,
    invitation_view,
)
from auth_api.flows.invitations.invitation_filter import requested_filter
from auth_api.flows.invitations.service import InvitationService
from auth_api.kit.command_line import Run, ServiceFinder
from auth_api.kit.http.json import decode
from auth_api.kit.pagination import PageRequest
from auth_api.kit.text_tables import print_table
from auth_api.roles.rights import OPERATOR
from auth_api.users.identifiers import canonical_email
from auth_api.users.profile import PROFILE_CHECKS

T = TypeVar("T")

_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def invitations() -> None:
    """Invite people by mail."""


@invitations.command(name="list")
@click.option("--pending", is_flag=True, help="Only invitations that can still be accepted.")
@click.option("--email", help="Only invitations to this e-mail address.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Maximum number.")
@_json_option
@click.pass_obj
def list_(run: Run, *, pending: bool, email: str | None, limit: int, as_json: bool) -> None:
    """List the newest invitations."""

    async def work(service: InvitationService) -> list[InvitationResponse]:
        conditions = requested_filter(status="pending" if pending else None, email=email)
        return [invitation_view(each) for each in (await service.list(PageRequest(limit), conditions))[0]]

    _print(_run(run, work), as_json=as_json, is_list=True)


@invitations.command()
@click.argument("email")
@click.option("--role", "roles", multiple=True, help="A role that the account gets; repeatable.")
@click.option("--hours", type=int, default=DEFAULT_HOURS, show_default=True, help="Time to accept, up to 720 hours.")
@click.option("--locale", help="Language of the mail, such as de.")
@_json_option
@click.pass_obj
def create(  # noqa: PLR0913 - the options of the command
    run: Run, *, email: str, roles: Sequence[str], hours: int, locale: str | None, as_json: bool
) -> None:
    """Invite a person. The server sends the mail."""

    async def work(service: InvitationService) -> InvitationResponse:
        _require_mail(service)
        fields = {"email": email, "roles": list(roles), "expires_in_hours": hours, "locale": locale}
        wanted = decode(fields, InvitationRequest, {"email": canonical_email, **PROFILE_CHECKS}).wanted
        return invitation_view(await service.create(wanted, OPERATOR, COMMAND_LINE_CONTEXT))

    _print([_run(run, work)], as_json=as_json)


@invitations.command()
@click.argument("invitation_id", metavar="ID", type=int)
@_json_option
@click.pass_obj
def revoke(run: Run, invitation_id: int, *, as_json: bool) -> None:
    """Revoke a pending invitation."""
    _run(run, lambda service: service.revoke(invitation_id, OPERATOR, COMMAND_LINE_CONTEXT))
    click.echo(json.dumps({"changed": True}, indent=2) if as_json else "revoked")


@invitations.command()
@click.argument("invitation_id", metavar="ID", type=int)
@_json_option
@click.pass_obj
def resend(run: Run, invitation_id: int, *, as_json: bool) -> None:
    """Send a pending invitation again.

    The link of the earlier mail stops working.
    """

    async def work(service: InvitationService) -> None:
        _require_mail(service)
        await service.resend(invitation_id, OPERATOR, COMMAND_LINE_CONTEXT)

    _run(run, work)
    click.echo(json.dumps({"changed": True}, indent=2) if as_json else "The server sends the mail again.")


def _run(run: Run, work: Callable[[InvitationService], Awaitable[T]]) -> T:
    async def find_and_work(services: ServiceFinder) -> T:
        return await work(services.of(InvitationService))

    return run(find_and_work)


def _require_mail(service: InvitationService) -> None:
    if not service.outbox.is_on:
        message = "Mail is off. Set SMTP_URL (smtp://user:password@host:587) and MAIL_FROM."
        raise click.ClickException(message)


def _print(found: Sequence[InvitationResponse], *, as_json: bool, is_list: bool = False) -> None:
    documents: list[dict[str, Any]] = [msgspec.to_builtins(each) for each in found]
    if as_json:
        click.echo(json.dumps(documents if is_list else documents[0], indent=2))
        return
    columns = [name for name in InvitationResponse.__struct_fields__ if name != "roles"]
    rows = ([*(document[name] for name in columns), " ".join(document["roles"])] for document in documents)
    print_table([*columns, "roles"], rows)
