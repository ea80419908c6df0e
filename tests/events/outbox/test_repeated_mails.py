"""Mails that are sent again although the mail server had accepted them: the token in both is the same."""

from collections.abc import Awaitable, Callable

import pytest

from auth_api.credentials.passwords.mails import PASSWORD_CHANGED
from auth_api.events.outbox.delivery import SERVICE, Delivery
from auth_api.events.outbox.kinds import MailKind
from auth_api.features import MAIL_KINDS
from auth_api.flows.password_recovery.mails import PASSWORD_RESET
from auth_api.kit.breaker.breaker import breakers
from auth_api.kit.crypto.tokens import MailTokenDerivation
from auth_api.kit.request_context import RequestContext
from auth_api.one_time_tokens.errors import OneTimeTokenInvalidException
from auth_api.one_time_tokens.purpose import Purpose
from auth_api.one_time_tokens.service import OneTimeTokens
from auth_api.services import Services
from tests.conftest import OtherAppFactory, UserFactory
from tests.support.actors import Actor
from tests.support.mail_flows import forgot, reset
from tests.support.mail_server import MailServer
from tests.support.mailbox import TOKEN, Mailbox, token_of
from tests.support.rows import age_one_time_tokens, make_mails_due, outbox_rows, user_rows

ADA = "ada@example.com"
REQUEST = RequestContext(client_ip="203.0.113.7")
WITH_TOKEN = [kind for kind in MAIL_KINDS if kind.purpose is not None]


async def store(services: Services, kind: MailKind) -> None:
    """Store a mail of a kind that has a token."""
    if kind.purpose is Purpose.REGISTRATION:
        token_id = await services.core.tokens.stage(Purpose.REGISTRATION, email="eve@example.com")
        await services.core.outbox.to_email(kind, "eve@example.com", REQUEST, token_id=token_id)
        return
    (user,) = await user_rows()
    await services.core.outbox.to_email(kind, ADA, REQUEST, user_id=user["id"], new_email="new@example.com")


async def send_again(mailbox: Mailbox) -> None:
    """Make the deferred mails due, and send them with a reply."""
    mailbox.loses_reply = False
    await make_mails_due()
    await mailbox.collect()


@pytest.mark.parametrize("kind", WITH_TOKEN, ids=lambda kind: kind.name)
async def test_repeated_mail_has_the_same_token_and_message_id(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, kind: MailKind
) -> None:
    await user_factory(is_verified=kind.purpose is not Purpose.EMAIL_VERIFICATION)
    await store(services, kind)
    mailbox.loses_reply = True
    await mailbox.collect()

    await send_again(mailbox)

    first, second = mailbox.sent
    assert kind.purpose is not None
    assert (second.message_id, token_of(second)) == (first.message_id, token_of(first))
    tokens = services.core.tokens
    await services.core.database.transaction(
        lambda: tokens.redeem(kind.purpose or Purpose.REGISTRATION, token_of(first))
    )
    with pytest.raises(OneTimeTokenInvalidException):
        await tokens.find(token_of(second), kind.purpose)


@pytest.mark.parametrize("kind", WITH_TOKEN, ids=lambda kind: kind.name)
async def test_mail_is_not_repeated_after_its_link_was_used(
    user_factory: UserFactory, services: Services, mailbox: Mailbox, kind: MailKind
) -> None:
    await user_factory(is_verified=kind.purpose is not Purpose.EMAIL_VERIFICATION)
    await store(services, kind)
    mailbox.loses_reply = True
    token = await mailbox.token()
    assert kind.purpose is not None
    await services.core.tokens.redeem(kind.purpose, token)

    await send_again(mailbox)

    assert len(mailbox.sent) == 1
    assert await outbox_rows() == []


@pytest.mark.parametrize("used", [0, 1])
async def test_link_of_each_copy_works_if_the_mail_server_lost_its_reply(
    app_with: OtherAppFactory, user_factory: UserFactory, used: int
) -> None:
    ada = await user_factory(is_verified=True)
    with MailServer(loses_reply=True) as server:
        async with app_with(SMTP_URL=server.url(), MAIL_FROM="no-reply@example.com") as other:
            ada.client = other.client
            await forgot(ada, ada.email)
            await other.services.of(Delivery).step()
            breakers.get(SERVICE).close()
            server.loses_reply = False
            await make_mails_due()
            await other.services.of(Delivery).step()

            copies = server.messages
            texts = [part.get_content() for copy in copies if (part := copy.get_body(("plain",)))]
            tokens = [found for text in texts for found in TOKEN.findall(text)]
            outcomes = [(await reset(ada, token)).outcome for token in (tokens[used], tokens[1 - used])]

    assert len({copy["Message-ID"] for copy in copies}) == 1
    assert outcomes == [(200, ""), (400, "ONE_TIME_TOKEN_INVALID")]


async def test_token_of_a_repeated_mail_works_for_its_full_lifetime(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    """The mail server may be down for longer than that."""
    await user_factory()
    await store(services, PASSWORD_RESET)
    mailbox.loses_reply = True
    token = await mailbox.token()
    await age_one_time_tokens(hours=1)
    with pytest.raises(OneTimeTokenInvalidException):
        await services.core.tokens.find(token, Purpose.PASSWORD_RESET)

    await send_again(mailbox)

    assert (await services.core.tokens.find(token, Purpose.PASSWORD_RESET)).user_id is not None


async def test_repeated_mail_does_not_revoke_the_link_of_a_newer_mail(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada: Actor = await user_factory()
    await store(services, PASSWORD_RESET)
    mailbox.loses_reply = True
    await mailbox.collect()
    mailbox.loses_reply = False
    await store(services, PASSWORD_RESET)
    newer = await mailbox.token()

    await send_again(mailbox)

    assert len(mailbox.sent) == 3
    assert (await reset(ada, newer)).status == 200


async def test_mails_have_different_tokens(user_factory: UserFactory, services: Services, mailbox: Mailbox) -> None:
    await user_factory(is_verified=True)
    for _ in range(3):
        await store(services, PASSWORD_CHANGED)

    assert len({token_of(message) for message in await mailbox.collect()}) == 3


Issue = Callable[[OneTimeTokens, list[bytes]], Awaitable[str | None]]


async def issued(tokens: OneTimeTokens, secrets: list[bytes]) -> str | None:
    (user,) = await user_rows()
    candidates = MailTokenDerivation(secrets).candidates(number=7, salt="00", purpose=Purpose.PASSWORD_RESET)
    return await tokens.issue_derived(candidates, Purpose.PASSWORD_RESET, user["id"])


async def assigned(tokens: OneTimeTokens, secrets: list[bytes]) -> str | None:
    token_id = await tokens.stage(Purpose.REGISTRATION)
    candidates = MailTokenDerivation(secrets).candidates(number=7, salt="00", purpose=Purpose.REGISTRATION)
    return await tokens.assign(candidates, token_id, Purpose.REGISTRATION)


@pytest.mark.parametrize("issue", [issued, assigned])
async def test_token_stays_the_same_after_a_rotation_of_the_derivation_key(
    user_factory: UserFactory, services: Services, issue: Issue
) -> None:
    await user_factory()
    tokens = services.core.tokens

    first = await issue(tokens, [b"old"])

    assert await issue(tokens, [b"new", b"old"]) == first
    assert await issue(tokens, [b"new"]) != first
