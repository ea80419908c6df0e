"""During an outage of the mail server, requests succeed; every mail is delivered once afterwards."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.mail_server import MailServer
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

USERS = 12
UNSENT = "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND (address IS NULL OR address <> 'unknown@example.com')"


async def test_mails_of_a_mail_server_outage_are_delivered_once(deployment: Deployment) -> None:
    """Two workers send the mails of one outbox."""
    mails = MailServer()
    with deployment.server(
        workers=2,
        SMTP_URL=mails.url(),
        MAIL_FROM="auth_api <no-reply@example.com>",
        CIRCUIT_BREAKER_TIMEOUT="1",
    ) as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            emails = [f"user{number}@example.com" for number in range(USERS)]
            for number, email in enumerate(emails):
                response = await client.post(
                    "/api/auth/register", json={"email": email, "username": f"user{number}", "password": PASSWORD}
                )
                assert response.status_code == 201
            # The response is the same for known and unknown e-mail addresses.
            for email in [*emails, "unknown@example.com"]:
                response = await client.post("/api/auth/password/forgot", json={"email": email})
                assert response.status_code == 202
            ready = await client.get("/health/ready")

        with mails:
            # Send the deferred mails at once.
            await deployment.rows("UPDATE outbox SET next_attempt_at = created_at")
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while (left := await deployment.rows(UNSENT)) != [(0,)]:  # noqa: ASYNC110 - another process writes them
                    await asyncio.sleep(0.05)
            status = server.stop()

    assert ready.json()["status"] == "ready"
    assert Counter(_recipients(mails, "Set a new password")) == dict.fromkeys(emails, 1)
    assert Counter(_recipients(mails, "Verify your e-mail address")) == dict.fromkeys(emails, 1)
    assert left == [(0,)]
    assert status == 0


def _recipients(mails: MailServer, subject: str) -> list[str]:
    return [str(mail["To"]) for mail in mails.messages if mail["Subject"] == subject]
