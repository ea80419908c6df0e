"""Rows that sessions and tokens store, and the number of statements they need."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from uuid import UUID

from auth_api.services import Services
from auth_api.sessions.tables import RefreshTokenRow, SessionRow
from tests.conftest import UserFactory
from tests.support.statements import recorded


def sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def derived(secret: str, token: str, salt: str) -> str:
    """Return the successor as specified: HMAC-SHA256(HKDF(secret), token ‖ salt), with the HKDF of RFC 5869."""
    extracted = hmac.digest(bytes(32), secret.encode(), "sha256")
    key = hmac.digest(extracted, b"auth_api refresh v1\x01", "sha256")
    mac = hmac.digest(key, token.encode() + bytes.fromhex(salt), "sha256")
    return "rt_" + urlsafe_b64encode(mac).rstrip(b"=").decode()


async def test_refresh_stores_the_digests_of_both_tokens_and_the_salt(
    user_factory: UserFactory, environ: dict[str, str]
) -> None:
    ada = await user_factory()
    response = await ada.try_refresh()

    spent, successor = await RefreshTokenRow.objects().order_by(RefreshTokenRow.id)

    assert (spent.token_hash, successor.token_hash) == (sha256(ada.refresh_token), sha256(response["refresh_token"]))
    assert spent.successor_hash == successor.token_hash
    assert len(bytes.fromhex(spent.successor_salt)) == 16
    assert response["refresh_token"] == derived(environ["JWT_SECRET_KEY"], ada.refresh_token, spent.successor_salt)
    assert [successor.used_at, successor.successor_hash, successor.successor_salt] == [None] * 3


async def test_successor_depends_on_a_random_salt(user_factory: UserFactory) -> None:
    ada = await user_factory()
    first = (await ada.try_refresh())["refresh_token"]
    (spent, _) = await RefreshTokenRow.objects().order_by(RefreshTokenRow.id)
    await RefreshTokenRow.delete().where(RefreshTokenRow.id != spent.id)
    await RefreshTokenRow.update({"used_at": None, "successor_hash": None, "successor_salt": None}, force=True)

    second = (await ada.try_refresh())["refresh_token"]

    assert first != second


async def test_authenticated_read_needs_one_statement(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    with recorded(services.core.database.engine) as statements:
        assert (await ada.profile()).status == 200

    assert [statement.split()[0] for statement in statements] == ["SELECT"]


async def test_forged_token_needs_no_statement(user_factory: UserFactory, services: Services) -> None:
    ada = await user_factory()

    with recorded(services.core.database.engine) as statements:
        await ada.profile(ada.access_token[:-4] + "AAAA")
        await ada.profile("")
        await ada.try_refresh("nonsense")

    assert statements == []


async def test_ended_session_stores_time_and_reason(user_factory: UserFactory) -> None:
    ada = await user_factory()

    await ada.log_out()

    session = await SessionRow.objects().first()
    assert session is not None
    assert session.ended_reason == "logged_out"
    assert session.ended_at >= session.created_at
    assert [row["is_revoked"] for row in await RefreshTokenRow.select()] == [True]


async def test_refresh_tokens_are_stored_as_digests_only(user_factory: UserFactory) -> None:
    ada = await user_factory()
    response = await ada.try_refresh()

    rows = json.dumps(await RefreshTokenRow.select(), default=str)

    assert ada.refresh_token not in rows
    assert response["refresh_token"] not in rows


async def test_session_id_is_a_uuid_of_version_7(user_factory: UserFactory) -> None:
    await user_factory()

    session = await SessionRow.objects().first()

    assert session is not None
    assert isinstance(session.id, UUID)
    assert session.id.version == 7
