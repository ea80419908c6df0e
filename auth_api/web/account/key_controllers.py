"""GET /account/keys, and the pages that create and revoke an API key."""

from typing import Any, Final

from litestar import Controller, Response, get, post

from auth_api.credentials.api_keys.api_key import PROFILE_READ
from auth_api.credentials.api_keys.errors import KeyNotFoundException
from auth_api.flows.own_keys.schemas import NewOwnKey
from auth_api.flows.own_keys.service import OwnKeys
from auth_api.kit.crypto.tokens import PERSONAL_API_KEY
from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.pagination import DEFAULT_LIMIT
from auth_api.kit.http.security_headers import PageKind
from auth_api.kit.pagination import PageRequest
from auth_api.roles.permission_catalogue import PermissionCatalogue
from auth_api.sign_in.errors import EmailNotVerifiedException
from auth_api.sign_in.freshness import Freshness
from auth_api.web.account.account_page import account_page
from auth_api.web.account.list_links import link_to_next
from auth_api.web.account.permission_texts import PERMISSION_TEXTS
from auth_api.web.account.schemas import KeyChoice
from auth_api.web.frame.confirmation import missing_confirmation
from auth_api.web.frame.languages import translations
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

KEYS: Final = "/account/keys"

USUAL_DAYS: Final = (7, 30, 90, 180)
"""The lifetimes that the form offers, besides the longest one that the settings allow."""


class KeyPageController(Controller):
    """List, create and revoke the API keys of the person."""

    path = KEYS

    @get("/", **PAGE)
    async def show(
        self, visit: Injected[Visit], own_keys: Injected[OwnKeys], page: Injected[PageRequest]
    ) -> Response[str]:
        """Show the keys, newest first."""
        return await _list(visit, own_keys, page)

    @get("/new", **PAGE)
    async def ask(
        self,
        visit: Injected[Visit],
        own_keys: Injected[OwnKeys],
        permission_catalogue: Injected[PermissionCatalogue],
        freshness: Injected[Freshness],
    ) -> Response[str]:
        """Show the form of a new key, or in its place the way to a new proof of identity."""
        proof = await missing_confirmation(visit, freshness)
        return await _form(visit, own_keys, permission_catalogue, proof=proof)

    @post("/new", **PAGE)
    async def create(
        self, visit: Injected[Visit], own_keys: Injected[OwnKeys], permission_catalogue: Injected[PermissionCatalogue]
    ) -> Response[Any]:
        """Create a key, and show it once."""
        try:
            form = await visit.form(NewOwnKey)
            created = await own_keys.create(
                visit.principal,
                name=form.name,
                scopes=form.scopes,
                days=form.expires_in_days,
                request_context=visit.request_context,
            )
        except EmailNotVerifiedException as refusal:
            return visit.refused(refusal, "frame/email_not_verified.html", kind=PageKind.ACCOUNT, section="keys")
        except ApplicationException as refusal:
            return await _form(visit, own_keys, permission_catalogue, refusal)
        return account_page(visit, "key_created", key=created.key, secret=created.raw)

    @post("/revoke", **PAGE)
    async def revoke(self, visit: Injected[Visit], own_keys: Injected[OwnKeys]) -> Response[Any]:
        """Revoke a key."""
        form = await visit.form(KeyChoice)
        try:
            await own_keys.revoke(visit.principal.id, form.id, visit.request_context)
        except KeyNotFoundException as refusal:
            return await _list(visit, own_keys, PageRequest(DEFAULT_LIMIT), refusal)
        return visit.redirect(f"{KEYS}?done=revoked")


async def _list(
    visit: Visit, own_keys: OwnKeys, page: PageRequest, refusal: ApplicationException | None = None
) -> Response[str]:
    keys, cursor = await own_keys.list(visit.principal.id, page)
    return account_page(
        visit,
        "keys",
        refusal,
        keys=keys,
        prefix=PERSONAL_API_KEY.prefix,
        is_first_part=page.after is None,
        more=link_to_next(visit, cursor),
    )


async def _form(
    visit: Visit,
    own_keys: OwnKeys,
    permission_catalogue: PermissionCatalogue,
    refusal: ApplicationException | None = None,
    *,
    proof: str | None = None,
) -> Response[str]:
    """Return the form, which offers the permissions that the person has, and to read the own profile."""
    rights, texts = await own_keys.roles.rights_of(visit.principal.id), translations(visit.language)
    scopes = [
        (each.name, each.name, texts.gettext(PERMISSION_TEXTS.get(each.name, each.description)))
        for each in await permission_catalogue.all()
        if each.name == PROFILE_READ or rights.has(each.name)
    ]
    checked = PROFILE_READ if refusal is None and len(scopes) == 1 else ""
    policy = own_keys.api_keys.policy
    days = {policy.default_days, policy.max_days, *(each for each in USUAL_DAYS if each < policy.max_days)}
    return account_page(
        visit,
        "new_key",
        refusal,
        initial={"scopes": checked, "expires_in_days": str(policy.default_days)},
        scopes=scopes,
        days=[(str(each), str(each)) for each in sorted(days)],
        proof=proof,
    )
