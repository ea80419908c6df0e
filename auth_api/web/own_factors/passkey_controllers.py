"""The pages that add and remove passkeys."""

from typing import Any, Final

import msgspec
from litestar import Controller, Response, get, post

from auth_api.flows.own_passkeys.service import OwnPasskeysService
from auth_api.kit.errors import ApplicationException, LimitReachedException
from auth_api.kit.http.dependencies import Injected
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.web.frame.refusals import require_shown
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit
from auth_api.web.own_factors.factor_pages import SECURITY, FactorPages
from auth_api.web.own_factors.schemas import PasskeyChoice, PasskeyForm

PASSKEYS: Final = f"{SECURITY}/passkeys"


class PasskeyPageController(Controller):
    """Add a passkey, which the browser creates by the script of the pages."""

    path = PASSKEYS

    @get("/", **PAGE)
    async def show(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_passkeys: Injected[OwnPasskeysService]
    ) -> Response[Any]:
        """Explain what a passkey is. The page contains the options for the browser."""
        return await _page(visit, factor_pages, own_passkeys)

    @post("/", rate_limit="factor", **PAGE)
    async def add(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_passkeys: Injected[OwnPasskeysService]
    ) -> Response[Any]:
        """Add what the browser has created. Without it, show the page with new options."""
        try:
            form = await visit.form(PasskeyForm)
            if form.credential is None:
                return await _page(visit, factor_pages, own_passkeys)
            new = await own_passkeys.add(
                visit.principal,
                form.credential,
                name=form.name or visit.device.name,
                request_context=visit.request_context,
            )
        except ApplicationException as refusal:
            return await _page(visit, factor_pages, own_passkeys, refusal)
        return factor_pages.added(visit, new.added)


class PasskeyRemovalPageController(Controller):
    """Remove a passkey."""

    path = f"{PASSKEYS}/remove"

    @get("/", **PAGE)
    async def ask(self, visit: Injected[Visit], factor_pages: Injected[FactorPages]) -> Response[str]:
        """Ask whether to remove a passkey, and state what follows."""
        factors, number = await factor_pages.factors(visit), visit.query.get("id")
        passkey = next((each for each in factors.passkeys if str(each.id) == number), None)
        if passkey is None:
            return visit.redirect(SECURITY)
        is_last = [each.id for each in factors.usable_passkeys] == [passkey.id] and factors.totp is None
        return await factor_pages.question(
            visit, "own_factors/remove_passkey.html", passkey=passkey, factors=factors, is_last=is_last
        )

    @post("/", rate_limit="factor", **PAGE)
    async def remove(
        self, visit: Injected[Visit], factor_pages: Injected[FactorPages], own_passkeys: Injected[OwnPasskeysService]
    ) -> Response[Any]:
        """Remove a passkey."""
        try:
            form = await visit.form(PasskeyChoice)
            await own_passkeys.remove(visit.principal, form.id, visit.request_context)
        except ApplicationException as refusal:
            return await factor_pages.refused(visit, refusal)
        return visit.redirect(f"{SECURITY}?done=removed")


async def _page(
    visit: Visit,
    factor_pages: FactorPages,
    own_passkeys: OwnPasskeysService,
    refusal: ApplicationException | None = None,
) -> Response[Any]:
    """Return the page that adds a passkey, with options that the browser has not used yet."""
    require_shown(refusal)
    proof, options = await factor_pages.missing_proof(visit, adds_factor=True), ""
    try:
        if proof is None:
            options = msgspec.json.encode(await own_passkeys.options(visit.principal)).decode()
    except (EmailNotVerifiedException, LimitReachedException) as reason:
        return await factor_pages.refused(visit, reason)
    return factor_pages.shown(visit, refusal, "own_factors/passkey.html", proof=proof, options=options)
