"""Export of the data stored about the user."""

import re
from typing import Any
from unittest.mock import patch

from auth_api.flows.account import export
from auth_api.kit.clock import rfc3339
from auth_api.kit.request_context import RequestContext
from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from auth_api.users.tables import UserRow
from tests.conftest import CLIENT_IP, OtherAppFactory, UserFactory
from tests.support import aged_rows
from tests.support.actors import Actor, ApiResponse
from tests.support.aged_rows import ago
from tests.support.authenticator_app import add_app
from tests.support.invitations import EMAIL, invite, invited
from tests.support.mailbox import Mailbox
from tests.support.roles import give_role

NAMES = [
    "exported_at",
    "profile",
    "account",
    "roles",
    "invitations_sent",
    "invitations_received",
    "second_factors",
    "sessions",
    "sessions_omitted",
    "api_keys",
    "identities",
    "applications",
    "one_time_tokens",
    "wrong_passwords",
    "wrong_second_factors",
    "mails",
    "audit_events",
]


async def exported(actor: Actor) -> ApiResponse:
    return await actor.call("GET", "/api/user/export")


async def test_export_contains_every_kind_of_data(user_factory: UserFactory) -> None:
    ada = await user_factory()
    profile = (await ada.profile()).json
    await aged_rows.add_one_time_token(profile["id"], end=ago(minutes=-10))
    await aged_rows.add_mail(profile["id"], sent_at=ago(minutes=1))
    await aged_rows.add_mail(profile["id"])

    response = await exported(ada)

    assert response.status == 200
    assert list(response.json) == NAMES
    assert response["profile"] == profile
    (subject,) = await UserRow.select(UserRow.subject).output(as_list=True)
    assert response["account"] == {
        "subject": str(subject),
        "locale": None,
        "two_step_since": None,
        "second_factor_failures": 0,
        "webauthn_handle": None,
        "metadata": None,
    }
    (session,) = response["sessions"]
    assert (session["current"], session["ip_address"], session["ended_at"]) == (True, CLIENT_IP, None)
    assert (session["amr"], session["auth_time"], session["mfa_at"]) == (["pwd"], session["created_at"], None)
    assert response["sessions_omitted"] == 0
    assert [event["action"] for event in response["audit_events"]["items"]] == ["account:registered"]
    assert response["audit_events"]["next_cursor"] is None
    (token,) = response["one_time_tokens"]
    assert (token["purpose"], token["used_at"]) == ("password_reset", None)
    assert [mail["sent_at"] is None for mail in response["mails"]] == [True, False]
    assert response["wrong_passwords"] == []
    assert response["second_factors"] == []


async def test_export_contains_invitations_that_were_sent_and_received(
    user_factory: UserFactory, services: Services, mailbox: Mailbox
) -> None:
    ada = await user_factory()
    token = await invited(services, mailbox, "support", email=ada.email)
    inviter_id = await give_role(ada.username, "auditor")
    await invite(services, request_context=RequestContext(actor=f"user:{inviter_id}"))
    await invite(services, email="edith@example.com")

    response = await exported(ada)

    (sent,), (received,) = response["invitations_sent"], response["invitations_received"]
    assert (sent["email"], sent["roles"], sent["status"]) == (EMAIL, [], "pending")
    assert (received["email"], received["roles"]) == (ada.email, ["support"])
    assert token not in response.response.text
    assert "edith" not in response.response.text


async def test_export_contains_kinds_and_times_of_second_factors(user_factory: UserFactory) -> None:
    ada = await user_factory(is_verified=True)
    _, confirmed = await add_app(ada)

    response = await exported(ada)

    app, codes = response["second_factors"]
    assert (app["kind"], app["created_at"], app["last_used_at"]) == ("totp", confirmed["totp"]["created_at"], None)
    assert (codes["kind"], codes["name"]) == ("recovery_codes", None)
    assert response["account"]["two_step_since"] is not None
    assert not any(code in response.response.text for code in confirmed["recovery_codes"])


async def test_export_contains_mails_to_the_email_address_without_a_user(user_factory: UserFactory) -> None:
    """The outbox stores a password reset for an e-mail address, and looks the user up when it sends the mail."""
    ada, grace = await user_factory(), await user_factory(username="grace")
    await aged_rows.add_mail(None, address="ada@example.com")
    await aged_rows.add_mail(None, address="grace@example.com")
    await aged_rows.add_mail((await grace.profile())["id"], address="ada@example.com")

    assert [mail["address"] for mail in (await exported(ada))["mails"]] == ["ada@example.com"]


async def test_ended_sessions_have_the_time_and_reason_of_their_end(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_out()
    await ada.log_in()

    current, past = (await exported(ada))["sessions"]

    assert (current["current"], current["ended_reason"]) == (True, None)
    assert (past["current"], past["ended_reason"]) == (False, "logged_out")
    assert past["ended_at"] >= past["created_at"]


async def test_export_contains_no_secret(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.refresh()
    await aged_rows.add_one_time_token((await ada.profile())["id"], end=ago(minutes=-10))
    user, tokens = await UserRow.select().first(), await RefreshTokenRow.select()
    assert user is not None

    text = (await exported(ada)).response.text

    secrets = [user["hashed_password"], ada.access_token, ada.refresh_token, "digest-of-a-mailed-token"]
    for token in tokens:
        secrets += [token["token_hash"], token["successor_hash"], token["successor_salt"]]
    assert [secret for secret in secrets if secret and secret in text] == []


async def test_export_contains_no_data_of_other_users(user_factory: UserFactory) -> None:
    ada, grace = await user_factory(), await user_factory(username="grace")
    grace_id = (await grace.profile())["id"]
    await aged_rows.add_one_time_token(grace_id, end=ago(minutes=-10))
    await aged_rows.add_mail(grace_id)
    await aged_rows.add_counter(f"attempts:id:{grace_id}", expires_at=ago(minutes=-10))

    response = await exported(ada)

    assert [len(response[name]) for name in ("sessions", "one_time_tokens", "mails", "wrong_passwords")] == [1, 0, 0, 0]
    assert "grace" not in response.response.text


async def test_export_contains_wrong_passwords_by_network(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true", RATE_LIMIT_FACTOR="1000") as app:
        ada = Actor(app.client)
        assert (await ada.register()).status == 201
        for _ in range(5):
            await ada.log_in(password="Wrong-Horse-7-Staple")

        blocked, together = (await exported(ada))["wrong_passwords"]

    assert (blocked["network"], blocked["count"]) == (CLIENT_IP, 5)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", blocked["blocked_until"])
    assert together == {"network": None, "count": 5, "blocked_until": None}


async def test_export_contains_wrong_second_factors_by_network(user_factory: UserFactory) -> None:
    ada = await user_factory()
    second = f"attempts:second:{(await ada.profile())['id']}"
    for key in (second, f"{second}:198.51.100.9"):
        await aged_rows.add_counter(key, expires_at=ago(hours=-1))

    response = await exported(ada)

    networks = {each["network"]: each["count"] > 0 for each in response["wrong_second_factors"]}
    assert networks == {None: True, "198.51.100.9": True}
    assert response["wrong_passwords"] == []


async def test_export_is_a_download_for_browsers(user_factory: UserFactory) -> None:
    ada = await user_factory(username="ada.lovelace")

    response = await exported(ada)

    day = response["exported_at"][:10]
    headers = response.response.headers
    assert headers["Content-Disposition"] == f'attachment; filename="ada.lovelace-{day}.json"'
    assert (headers["Content-Type"], headers["Cache-Control"]) == ("application/json", "no-store")


async def test_long_history_is_truncated_and_continues_in_the_audit_log(user_factory: UserFactory) -> None:
    ada = await user_factory()
    user_id = (await ada.profile())["id"]
    await aged_rows.add_events(user_id, at=ago(minutes=1), count=export.MAX_EXPORTED_ROWS + 5)

    events: dict[str, Any] = (await exported(ada))["audit_events"]
    rest = await ada.call("GET", f"/api/user/audit-log?limit=100&cursor={events['next_cursor']}")

    assert len(events["items"]) == export.MAX_EXPORTED_ROWS
    assert (len(rest["items"]), rest["next_cursor"]) == (6, None)
    ids = [event["id"] for event in [*events["items"], *rest["items"]]]
    assert ids == sorted(set(ids), reverse=True)


async def test_list_of_sessions_is_truncated_and_the_rest_is_counted(user_factory: UserFactory) -> None:
    ada = await user_factory()
    user_id = (await ada.profile())["id"]
    for _ in range(4):
        await aged_rows.add_session(user_id, absolute_end=ago(days=1))

    with patch.object(export, "MAX_EXPORTED_ROWS", 3):
        response = await exported(ada)

    assert ([session["current"] for session in response["sessions"]], response["sessions_omitted"]) == (
        [True, False, False],
        2,
    )


async def test_export_is_limited_to_ten_per_hour(app_with: OtherAppFactory) -> None:
    async with app_with(RATE_LIMIT_ENABLED="true") as app:
        ada = Actor(app.client)
        await ada.register()

        responses = [await exported(ada) for _ in range(11)]

    assert [response.outcome for response in responses] == [(200, "")] * 10 + [(429, "RATE_LIMITED")]
    assert responses[0].response.headers["RateLimit-Policy"] == '"export";q=10;w=3600'


async def test_export_requires_an_access_token(user_factory: UserFactory) -> None:
    ada = await user_factory()
    await ada.log_out()

    assert (await exported(ada)).outcome == (401, "TOKEN_REVOKED")
    assert (await ada.call("GET", "/api/user/export", token="")).outcome == (401, "AUTHENTICATION_REQUIRED")


async def test_export_contains_what_others_stored_about_the_account(user_factory: UserFactory) -> None:
    ada = await user_factory()
    since = ago(minutes=5)
    await UserRow.raw(
        "UPDATE users SET locale = {}, two_step_since = {}, metadata = {}", "de,en", since, '{"plan": "pro"}'
    )

    account = (await exported(ada))["account"]

    assert (account["locale"], account["metadata"]) == ("de,en", {"plan": "pro"})
    assert account["two_step_since"] == rfc3339(since)


async def test_export_contains_every_column_of_users_and_sessions_or_a_reason(user_factory: UserFactory) -> None:
    """Identifiers of rows, secrets, what another column of the export says, and how the token is carried."""
    left_out = {"hashed_password", "email_verified_at", "user_id", "network", "identity_id", "transport"}

    document = (await exported(await user_factory())).json

    (session,) = document["sessions"]
    (user_row,), (session_row,) = await UserRow.select(), await SessionRow.select()
    assert set(user_row) - {*document["profile"], *document["account"]} - left_out == set()
    assert set(session_row) - set(session) - left_out == set()
