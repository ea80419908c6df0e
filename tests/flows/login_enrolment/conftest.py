"""An application that requires second factors, and a user without one."""

from collections.abc import AsyncIterator

import pytest

from auth_api.events.outbox.tables import OutboxRow
from tests.conftest import OtherApp, OtherAppFactory
from tests.support.actors import Actor
from tests.support.mail_flows import mark_all_verified, verifying_app
from tests.support.mailbox import Mailbox


@pytest.fixture
async def requiring(app_with: OtherAppFactory, mailbox: Mailbox) -> AsyncIterator[OtherApp]:
    """An application that requires second factors; users register with it themselves."""
    async with verifying_app(app_with, mailbox, MFA_POLICY="required") as other:
        yield other


@pytest.fixture
async def ada(requiring: OtherApp) -> Actor:
    """A user with a verified e-mail address, without a session."""
    ada = Actor(requiring.client)
    registered = await ada.call(
        "POST",
        "/api/auth/register",
        token="",
        json={"email": ada.email, "username": ada.username, "password": ada.password},
    )
    assert (registered.status, registered["email_verification"]) == (201, "required")
    await OutboxRow.delete(force=True)
    await mark_all_verified()
    return ada
