"""From registration to deletion, and a new registration with the same address: nothing old ever works again."""

from collections.abc import Awaitable, Callable

from litestar import Litestar

from tests.conftest import http_client
from tests.support.actors import Actor, ApiResponse
from tests.support.mail_flows import (
    NEW_PASSWORD,
    change_email,
    change_password,
    confirm,
    forgot,
    report,
    resend,
    reset,
    undo,
    verify,
)
from tests.support.mailbox import Mailbox, token_of
from tests.support.secret_recorder import SecretRecorder

USES: tuple[Callable[[Actor, str], Awaitable[ApiResponse]], ...] = (verify, reset, confirm, undo, report)


async def test_no_token_of_an_earlier_life_works_in_a_later_one(
    ada: Actor, app: Litestar, mailbox: Mailbox, secret_recorder: SecretRecorder
) -> None:
    access, refresh = await live(ada, app, mailbox, secret_recorder)
    mailed = [token_of(message) for message in mailbox.sent if "#token=" in message.text]
    assert len(mailed) == 12  # of every purpose there is without REGISTRATION_ENUMERATION_SAFE, some never used

    await ada.call("POST", "/api/user/delete", json={"current_password": ada.password})
    access.append(ada.access_token)
    refresh.append(ada.refresh_token)
    successor = Actor(ada.client, username="lovelace", email=ada.email, password="Third-Horse-9-Battery")
    assert (await successor.register()).status == 201

    for token in access:
        assert (await ada.profile(token)).outcome == (401, "TOKEN_REVOKED")
    for token in refresh:
        assert (await ada.try_refresh(token)).status == 401
    for token in mailed:
        for use in USES:
            assert (await use(ada, token)).outcome == (400, "ONE_TIME_TOKEN_INVALID")
    assert (await ada.log_in(username=None, email=ada.email)).outcome == (401, "INVALID_CREDENTIALS")
    profile = await successor.profile()
    assert (profile["username"], profile["email"], profile["email_verified"]) == ("lovelace", ada.email, False)
    assert profile["id"] > 1


async def live(
    ada: Actor, app: Litestar, mailbox: Mailbox, secret_recorder: SecretRecorder
) -> tuple[list[str], list[str]]:
    """Do all that can be done with an account, so that it ends with its first address; return its old tokens."""
    access: list[str] = []
    refresh: list[str] = []

    def keep() -> None:
        access.append(ada.access_token)
        refresh.append(ada.refresh_token)

    await ada.register()
    keep()
    await mailbox.collect()
    await resend(ada, ada.email)
    assert (await verify(ada, await mailbox.token(), bearer=ada.access_token)).status == 200
    async with http_client(app, secret_recorder, client_ip="198.51.100.9") as opened:
        await Actor(opened).log_in()
    await mailbox.collect()
    await forgot(ada, ada.email)
    assert (await reset(ada, await mailbox.token())).status == 200
    ada.password = NEW_PASSWORD
    await mailbox.collect()
    await ada.log_in()
    keep()
    assert (await change_password(ada, "Fourth-Horse-2-Battery")).status == 200
    await mailbox.collect()
    await change_email(ada, "elsewhere@example.org")
    assert (await confirm(ada, await mailbox.token(), bearer=ada.access_token)).status == 200
    assert (await undo(ada, await mailbox.token())).status == 200
    assert (await reset(ada, await mailbox.token(), NEW_PASSWORD)).status == 200
    ada.password = NEW_PASSWORD
    await mailbox.collect()
    await ada.log_in()
    await change_email(ada, "elsewhere@example.org")
    await forgot(ada, ada.email)
    await mailbox.collect()
    return access, refresh
