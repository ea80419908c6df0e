"""Sending the verification mail again: the response and the work do not depend on who has the address."""

import pytest

from auth_api.events.outbox.delivery import Delivery
from auth_api.services import Services
from auth_api.users.tables import UserRow
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.mail_flows import resend, verify
from tests.support.mailbox import Mailbox
from tests.support.rows import outbox_rows
from tests.support.statements import recorded


@pytest.mark.parametrize("used", [0, 1], ids=["older", "newer"])
async def test_newer_mail_leaves_the_earlier_link(ada: Actor, mailbox: Mailbox, used: int) -> None:
    """Otherwise a stranger could request mails to revoke the link that the owner has received."""
    await ada.register()
    earlier = await mailbox.token()

    response = await resend(ada, "Ada@Example.com")

    assert (response.status, response.json) == (
        202,
        {"message": "If an account has this e-mail address and it is not verified, an e-mail is on its way."},
    )
    tokens = [earlier, await mailbox.token()]
    assert (await verify(ada, tokens[used], password=ada.password)).status == 200
    assert (await ada.profile())["email_verified"] is True


async def test_response_and_work_do_not_reveal_whether_the_email_is_taken(
    user_factory: UserFactory, mailbox: Mailbox, services: Services
) -> None:
    ada, _ = await user_factory(), await user_factory(username="bob")
    await UserRow.update({UserRow.email_verified_at: UserRow.created_at}).where(UserRow.username == "bob")
    responses, work = [], []

    for email in ("ada@example.com", "bob@example.com", "unknown@example.com"):
        with recorded(services.core.database.engine) as statements:
            responses.append(await resend(ada, email))
        work.append(statements)

    assert [(response.status, response.response.content) for response in responses] == [
        (202, responses[0].response.content)
    ] * 3
    assert work == [work[0]] * 3
    assert len(work[0]) == 1
    assert [message.recipient for message in await mailbox.collect()] == ["ada@example.com"]
    assert len(await outbox_rows()) == 1


async def test_fourth_mail_within_an_hour_is_not_sent_with_the_same_response(
    app_with: OtherAppFactory, mailbox: Mailbox, user_factory: UserFactory
) -> None:
    await user_factory()
    async with app_with(mailer=mailbox, RATE_LIMIT_ENABLED="true") as other:
        responses = [
            await resend(Actor(other.client), email) for email in ("ada@example.com", "unknown@example.com") * 4
        ]

        assert {(response.status, response.response.content) for response in responses} == {
            (202, responses[0].response.content)
        }
        assert len(await outbox_rows()) == 6
        await other.services.of(Delivery).deliver_all()
        assert len(mailbox.sent) == 3
