"""Requests of the flows that send mails, and of the links in them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auth_api.events.outbox.delivery import Delivery
from auth_api.one_time_tokens.tables import OneTimeTokenRow
from auth_api.users.tables import UserRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor, ApiResponse
from tests.support.mailbox import Mailbox

NEW_PASSWORD = "Another-Horse-8-Battery"


async def post(actor: Actor, path: str, *, bearer: str = "", **body: str) -> ApiResponse:
    """Send a request to a public route, with an access token if one is given."""
    return await actor.call("POST", path, token=bearer, json=body)


async def verify(actor: Actor, token: str, *, bearer: str = "", **more: str) -> ApiResponse:
    return await post(actor, "/api/auth/email/verify", bearer=bearer, token=token, **more)


async def resend(actor: Actor, email: str) -> ApiResponse:
    return await post(actor, "/api/auth/email/resend", email=email)


async def forgot(actor: Actor, email: str) -> ApiResponse:
    return await post(actor, "/api/auth/password/forgot", email=email)


async def reset(actor: Actor, token: str, new_password: str = NEW_PASSWORD) -> ApiResponse:
    return await post(actor, "/api/auth/password/reset", token=token, new_password=new_password)


async def change_email(actor: Actor, new_email: str, password: str | None = None) -> ApiResponse:
    body = {"new_email": new_email, "current_password": password or actor.password}
    return await actor.call("POST", "/api/user/email", json=body)


async def confirm(actor: Actor, token: str, *, bearer: str = "") -> ApiResponse:
    return await post(actor, "/api/auth/email/confirm-change", bearer=bearer, token=token)


async def undo(actor: Actor, token: str) -> ApiResponse:
    return await post(actor, "/api/auth/email/undo-change", token=token)


async def report(actor: Actor, token: str) -> ApiResponse:
    return await post(actor, "/api/auth/sessions/report", token=token)


async def change_password(actor: Actor, new_password: str) -> ApiResponse:
    """Change the password, and continue with the new session."""
    body = {"current_password": actor.password, "new_password": new_password}
    response = await actor.call("POST", "/api/user/password", json=body)
    if response.status == 200:
        actor.password, actor.access_token = new_password, response["access_token"]
    return response


async def mark_all_verified() -> None:
    """Mark the e-mail addresses of all users as verified."""
    await UserRow.update({UserRow.email_verified_at: UserRow.created_at}, force=True)


async def unused_tokens() -> list[str]:
    """Return the purposes of all unused one-time tokens."""
    rows = await OneTimeTokenRow.select(OneTimeTokenRow.purpose).where(OneTimeTokenRow.used_at.is_null())
    return sorted(row["purpose"] for row in rows)


@asynccontextmanager
async def verifying_app(app_with: OtherAppFactory, mailbox: Mailbox, **variables: str) -> AsyncIterator[OtherApp]:
    """Start an application that requires e-mail verification, and let the mailbox collect its mails."""
    required = {
        "REQUIRE_EMAIL_VERIFICATION": "true",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "MAIL_FROM": "no-reply@example.com",
    }
    previous = mailbox.delivery
    async with app_with(mailer=mailbox, **required, **variables) as other:
        mailbox.delivery = other.services.of(Delivery)
        try:
            yield other
        finally:
            mailbox.delivery = previous
