"""Passkeys of a real browser, with its virtual authenticator, against the verification of the server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from playwright.async_api import Browser, Error, Page

from auth_api.kit.crypto.challenges import ChallengePurpose, Challenges
from auth_api.kit.crypto.webauthn.credentials import RegisteredCredential, StoredCredential
from auth_api.kit.crypto.webauthn.options import PasskeyDescriptor, PasskeyUser
from auth_api.kit.crypto.webauthn.relying_party import RelyingParty
from tests.support.browser import browser_page
from tests.support.static_site import static_site
from tests.support.virtual_authenticator import add_virtual_authenticator

pytestmark = [pytest.mark.engine_independent, pytest.mark.slow]

USER = PasskeyUser(id="A" * 43, name="ada@example.com", display_name="ada")
NOW = datetime.now(UTC)

CREATE = """async options => {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return (await navigator.credentials.create({ publicKey })).toJSON();
}"""
GET = """async options => {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials.get({ publicKey })).toJSON();
}"""


@asynccontextmanager
async def page_with_authenticator(
    chromium: Browser, *, synchronises: bool = True, verifies: bool = True
) -> AsyncIterator[tuple[Page, RelyingParty]]:
    with static_site({"/": "<title>Page</title>"}) as origin:
        async with browser_page(chromium) as visit:
            await visit.page.goto(origin)
            await add_virtual_authenticator(visit.page, synchronises=synchronises, verifies=verifies)
            yield (
                visit.page,
                RelyingParty(rp_id="localhost", name="Example", origins=[origin], challenges=Challenges([b"secret"])),
            )


async def answer(page: Page, script: str, options: Any) -> Any:
    return await page.evaluate(script, msgspec.json.decode(msgspec.json.encode(options)))


async def registered(page: Page, party: RelyingParty, *existing: PasskeyDescriptor) -> RegisteredCredential:
    options = party.creation_options(USER, registered=existing, binding="user 7", now=NOW)
    return party.register(await answer(page, CREATE, options), binding="user 7", now=NOW)


async def used(page: Page, party: RelyingParty, passkey: RegisteredCredential, sign_count: int) -> int:
    options = party.request_options(ChallengePurpose.LOGIN, allowed=[], binding="", now=NOW)
    credential = await answer(page, GET, options)
    assertion = party.read_assertion(credential, ChallengePurpose.LOGIN, binding="", now=NOW)
    assert assertion.credential_id == passkey.credential_id
    stored = StoredCredential(
        public_key=passkey.public_key,
        sign_count=sign_count,
        backup_eligible=passkey.backup_eligible,
        user_handle=USER.id,
    )
    return party.verify_assertion(assertion, stored).sign_count


@pytest.mark.parametrize("synchronises", [True, False])
async def test_passkey_of_a_browser_is_registered_and_used(chromium: Browser, *, synchronises: bool) -> None:
    async with page_with_authenticator(chromium, synchronises=synchronises) as (page, party):
        passkey = await registered(page, party)
        first = await used(page, party, passkey, passkey.sign_count)
        second = await used(page, party, passkey, first)

    assert (passkey.backup_eligible, passkey.backed_up) == (synchronises, synchronises)
    assert passkey.transports == ("internal",)
    assert first < second


async def test_browser_registers_no_second_passkey_of_an_authenticator(chromium: Browser) -> None:
    async with page_with_authenticator(chromium) as (page, party):
        passkey = await registered(page, party)
        existing = PasskeyDescriptor(id=passkey.credential_id, transports=passkey.transports)

        with pytest.raises(Error, match="InvalidStateError"):
            await registered(page, party, existing)


async def test_browser_uses_no_passkey_of_an_unverified_user(chromium: Browser) -> None:
    async with page_with_authenticator(chromium, verifies=False) as (page, party):
        with pytest.raises(Error, match="NotAllowedError"):
            await registered(page, party)
