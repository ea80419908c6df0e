"""The languages that a user prefers: those of the browser at first, then what the user states."""

from tests.conftest import OtherAppFactory
from tests.support.actors import PASSWORD, Actor, ApiResponse
from tests.support.mail_flows import forgot, verify, verifying_app
from tests.support.mailbox import Mailbox
from tests.support.rows import user_rows

BROWSER = {"Accept-Language": "de-AT,de;q=0.9"}


async def change(actor: Actor, locale: object) -> ApiResponse:
    return await actor.call("PATCH", "/api/user/profile", json={"locale": locale})


async def test_locale_is_the_one_of_the_browser_until_the_user_changes_it(ada: Actor) -> None:
    ada.headers = BROWSER

    registered = await ada.register()
    changed = await change(ada, "en-GB")
    same = await ada.call("PATCH", "/api/user/profile", json={"display_name": "Ada"})
    removed = await change(ada, None)
    restored = await change(ada, registered["locale"])

    assert registered["locale"] == "de-AT,de"
    assert [response["locale"] for response in (changed, same, removed, restored)] == [
        "en-GB",
        "en-GB",
        None,
        "de-AT,de",
    ]
    assert (await ada.profile())["locale"] == "de-AT,de"
    assert [row["locale"] for row in await user_rows()] == ["de-AT,de"]


async def test_registration_may_state_the_locale(ada: Actor) -> None:
    ada.headers = BROWSER

    assert (await ada.register(locale="fr"))["locale"] == "fr"


async def test_mails_are_in_the_language_of_the_user(ada: Actor, mailbox: Mailbox) -> None:
    ada.headers = {"Accept-Language": "en"}
    await ada.register()
    await mailbox.collect()

    subjects = []
    for locale in ("de-CH", None, "fr,de"):
        await change(ada, locale)
        await forgot(ada, ada.email)
        subjects.append((await mailbox.one()).subject)

    assert subjects == ["Neues Passwort festlegen", "Set a new password", "Neues Passwort festlegen"]


async def test_mails_are_in_the_default_language_if_the_user_prefers_no_other(
    app_with: OtherAppFactory, mailbox: Mailbox
) -> None:
    async with verifying_app(app_with, mailbox, DEFAULT_LANGUAGE="de") as other:
        subjects = []
        for name, accepted in (("ada", "fr"), ("grace", "fr,en")):
            actor = Actor(other.client, name, f"{name}@example.com", headers={"Accept-Language": accepted})
            body = {"email": actor.email, "username": name, "password": PASSWORD}
            await actor.call("POST", "/api/auth/register", json=body)
            subjects.append((await mailbox.one()).subject)

        assert subjects == ["Bestätigen Sie Ihre E-Mail-Adresse", "Verify your e-mail address"]


async def test_registration_that_waits_for_its_mail_keeps_it(app_with: OtherAppFactory, mailbox: Mailbox) -> None:
    async with verifying_app(app_with, mailbox, REGISTRATION_ENUMERATION_SAFE="true") as other:
        locales = []
        for name, stated in (("ada", {"locale": "fr"}), ("grace", {})):
            actor = Actor(other.client, name, f"{name}@example.com", headers=BROWSER)
            body = {"email": actor.email, "username": name, "password": PASSWORD, **stated}
            await actor.call("POST", "/api/auth/register", json=body)
            await verify(actor, await mailbox.token(), password=PASSWORD)
            locales.append((await actor.log_in())["user"]["locale"])

        assert locales == ["fr", "de-AT,de"]


async def test_locale_is_refused_unless_it_is_language_tags(ada: Actor) -> None:
    await ada.register()
    refused = {
        value: (await change(ada, value))["errors"][0]["code"]
        for value in ("", "de_DE", "de, en", "de,", "../de", "d", "deutschland", "de\n", "de-" + "a" * 40)
    }
    unregistered = await Actor(ada.client, "grace").register(locale="?")

    assert refused == {
        **dict.fromkeys(("", "de_DE", "de, en", "de,", "../de", "d", "deutschland"), "format"),
        "de\n": "control_character",
        "de-" + "a" * 40: "too_long",
    }
    assert unregistered["errors"][0]["field"] == "locale"
    assert (await ada.profile())["locale"] is None
