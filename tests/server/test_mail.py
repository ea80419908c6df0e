"""A mail server that is away, as people meet it: they notice nothing, and every mail arrives once."""

from collections import Counter

import httpx
import pytest

from tests.support.actors import PASSWORD
from tests.support.deployment import Deployment
from tests.support.mail_server import MailServer
from tests.support.waiting import until

pytestmark = pytest.mark.slow

PEOPLE = 12


async def test_mails_that_were_wanted_while_the_mail_server_was_away_arrive_once(deployment: Deployment) -> None:
    """Two processes work on one outbox."""
    mails = MailServer()
    with deployment.server(
        workers=2,
        SMTP_URL=mails.url(),
        MAIL_FROM="auth_api <no-reply@example.com>",
        CIRCUIT_BREAKER_TIMEOUT="1",
    ) as server:
        async with httpx.AsyncClient(base_url=server.url, trust_env=False) as client:
            addresses = [f"person{number}@example.com" for number in range(PEOPLE)]
            for number, email in enumerate(addresses):
                response = await client.post(
                    "/api/auth/register", json={"email": email, "username": f"person{number}", "password": PASSWORD}
                )
                assert response.status_code == 201
            # A known address and an unknown one get one answer, with nobody to take the mail.
            for email in [*addresses, "nobody@example.com"]:
                response = await client.post("/api/auth/password/forgot", json={"email": email})
                assert response.status_code == 202
            ready = await client.get("/health/ready")

        with mails:
            # What was put off waits for its time, which this test does not.
            await deployment.rows("UPDATE outbox SET next_attempt_at = created_at")
            await until(lambda: len(mails.messages) == 2 * PEOPLE, within=30)  # registering wrote to them, too
            status = server.stop()  # and what was sent is noted

    left = await deployment.rows(
        "SELECT count(*) FROM outbox WHERE sent_at IS NULL AND (address IS NULL OR address <> 'nobody@example.com')"
    )
    assert ready.json()["status"] == "ready"
    assert Counter(_recipients(mails, "Set a new password")) == dict.fromkeys(addresses, 1)
    assert Counter(_recipients(mails, "Verify your e-mail address")) == dict.fromkeys(addresses, 1)
    assert left == [(0,)]
    assert status == 0


def _recipients(mails: MailServer, subject: str) -> list[str]:
    return [str(mail["To"]) for mail in mails.messages if mail["Subject"] == subject]
