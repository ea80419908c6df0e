"""A token and its session: of what both state, the lower level and the earlier time count."""

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from auth_api.kit.uuid7 import uuid7
from auth_api.services import Services
from auth_api.sessions.assurance import Level, assurance_level
from auth_api.sessions.claims import Claims
from auth_api.sessions.principal import Principal
from auth_api.sessions.tables import SessionRow
from auth_api.users.profile import Profile
from auth_api.users.user import User
from tests.conftest import UserFactory
from tests.support.actors import Actor
from tests.support.authenticator_app import add_app

SECOND: Final = datetime(2026, 2, 19, 10, 30, tzinfo=UTC)
PROVED_AT: Final = SECOND + timedelta(milliseconds=700)
EARLIER: Final = SECOND - timedelta(seconds=1)

USER: Final = User(
    id=7,
    username="ada",
    email="ada@example.com",
    is_active=True,
    email_verified_at=None,
    last_login=None,
    two_step_since=None,
    metadata=None,
    has_password=True,
    created_at=SECOND,
    updated_at=SECOND,
    **dict.fromkeys(Profile.__struct_fields__),
)

CODE, PASSKEY, PASSKEY_LAST = ("pwd", "otp"), ("hwk",), ("pwd", "otp", "hwk")


def session(amr: tuple[str, ...], proved_at: datetime = PROVED_AT) -> Principal:
    """Return a session whose last proof was by a second factor, unless it has only proved a password."""
    mfa_at = proved_at if amr != ("pwd",) else None
    return Principal(user=USER, session_id=uuid7(SECOND), auth_time=proved_at, amr=amr, mfa_at=mfa_at)


def proofs(principal: Principal) -> tuple[Level, datetime, datetime | None]:
    level = assurance_level(principal.amr, principal.mfa_at, SECOND, max_age=None)
    return level, principal.auth_time, principal.mfa_at


@pytest.mark.engine_independent
@pytest.mark.parametrize(
    ("amr", "acr", "stated", "expected"),
    [
        (CODE, "aal2", SECOND, (Level.AAL2, PROVED_AT, PROVED_AT)),
        (CODE, "aal1", SECOND, (Level.AAL1, PROVED_AT, None)),
        (PASSKEY, "phr", SECOND, (Level.PHR, PROVED_AT, PROVED_AT)),
        (PASSKEY_LAST, "aal2", SECOND, (Level.AAL2, PROVED_AT, PROVED_AT)),
        (("hwk", "otp"), "phr", SECOND, (Level.AAL2, PROVED_AT, PROVED_AT)),
        (("otp", "hwk"), "aal2", SECOND, (Level.AAL2, PROVED_AT, PROVED_AT)),
        (("pwd",), "aal2", SECOND, (Level.AAL1, PROVED_AT, None)),
        (CODE, "aal2", EARLIER, (Level.AAL2, EARLIER, EARLIER)),
        (PASSKEY_LAST, "aal2", EARLIER, (Level.AAL2, EARLIER, EARLIER)),
        (PASSKEY, "phr", EARLIER, (Level.PHR, EARLIER, EARLIER)),
        (CODE, "aal1", EARLIER, (Level.AAL1, EARLIER, None)),
        (("pwd",), "aal1", EARLIER, (Level.AAL1, EARLIER, None)),
        (CODE, "aal2", SECOND + timedelta(seconds=1), (Level.AAL2, PROVED_AT, PROVED_AT)),
        (CODE, "aal9", SECOND, (Level.AAL1, PROVED_AT, None)),
        (CODE, None, None, (Level.AAL2, PROVED_AT, PROVED_AT)),
    ],
)
def test_token_has_the_lower_level_and_the_earlier_time(
    amr: tuple[str, ...],
    acr: str | None,
    stated: datetime | None,
    expected: tuple[Level, datetime, datetime | None],
) -> None:
    auth_time = int(stated.timestamp()) if stated is not None else None

    assert proofs(session(amr).limited_to_token(auth_time=auth_time, acr=acr)) == expected


@pytest.mark.engine_independent
@pytest.mark.parametrize(
    ("proved_at", "counts"),
    [
        (SECOND, SECOND),
        (SECOND + timedelta(microseconds=999_999), SECOND + timedelta(microseconds=999_999)),
        (SECOND + timedelta(seconds=1), SECOND),
    ],
)
def test_token_of_the_same_second_has_the_time_of_the_session(proved_at: datetime, counts: datetime) -> None:
    limited = session(CODE, proved_at).limited_to_token(auth_time=int(SECOND.timestamp()), acr="aal2")

    assert proofs(limited) == (Level.AAL2, counts, counts)


@pytest.mark.engine_independent
@pytest.mark.parametrize(
    ("earlier", "present", "expected"),
    [
        (session(CODE, EARLIER), session(PASSKEY_LAST), (Level.AAL2, EARLIER, EARLIER)),
        (session(("pwd",), EARLIER), session(CODE), (Level.AAL1, EARLIER, None)),
        (session(CODE), replace(session(CODE), mfa_at=None), (Level.AAL1, PROVED_AT, None)),
        (session(PASSKEY), session(PASSKEY), (Level.PHR, PROVED_AT, PROVED_AT)),
    ],
    ids=["passkey added", "code added", "factor removed", "unchanged"],
)
def test_reloaded_session_has_at_most_what_it_had_before(
    earlier: Principal, present: Principal, expected: tuple[Level, datetime, datetime | None]
) -> None:
    assert proofs(present.limited_to_earlier(earlier)) == expected


@pytest.fixture
async def ada(user_factory: UserFactory) -> Actor:
    """A user with an authenticator app, whose session has just proved it."""
    ada = await user_factory(is_verified=True)
    await add_app(ada)
    return ada


async def token_of_an_earlier_proof(services: Services, *, seconds: int) -> str:
    """Return a token of the only session, issued before its last proof."""
    row = await SessionRow.objects().first()
    assert row is not None
    proved_at = row.auth_time - timedelta(seconds=seconds)
    claims = Claims(
        user_id=row.user_id,
        session_id=row.id,
        amr=("pwd", "otp"),
        auth_time=proved_at,
        mfa_at=proved_at,
        now=proved_at,
    )
    sessions = services.core.sessions
    return sessions.access_tokens.issue(claims, session_ends_in=sessions.policy.access_ttl).raw


async def test_token_keeps_its_own_proof_after_a_later_one(ada: Actor, services: Services) -> None:
    token = await token_of_an_earlier_proof(services, seconds=10)

    assert (await ada.call("DELETE", "/api/user/totp", token=token)).status == 204


async def test_token_does_not_become_recent_by_a_later_proof(ada: Actor, services: Services) -> None:
    token = await token_of_an_earlier_proof(services, seconds=301)

    assert (await ada.call("DELETE", "/api/user/totp", token=token)).outcome == (403, "STEP_UP_REQUIRED")


async def test_password_change_by_an_earlier_token_passes_its_own_proof_on(ada: Actor, services: Services) -> None:
    (before,) = await SessionRow.select(SessionRow.mfa_at)
    token = await token_of_an_earlier_proof(services, seconds=10)
    body = {"current_password": ada.password, "new_password": "Another-Mare-8-Paperclip"}

    changed = await ada.call("POST", "/api/user/password", token=token, json=body)

    assert changed.status == 200
    (after,) = await SessionRow.select(SessionRow.mfa_at).where(SessionRow.ended_at.is_null())
    assert timedelta(seconds=10) <= before["mfa_at"] - after["mfa_at"] < timedelta(seconds=11)
