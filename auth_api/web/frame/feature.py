"""Manifest of the frame of the pages."""

from typing import Final

from auth_api.authentication.session_cookie import SessionCookie
from auth_api.flows.federation.hand_off import HandOff
from auth_api.manifest import Core, Feature, Manifest
from auth_api.settings import Settings
from auth_api.sign_in_flows.policy import ReturnPolicy
from auth_api.sign_in_flows.return_urls import ReturnUrls
from auth_api.web.frame.asset_controllers import AssetController
from auth_api.web.frame.base_path import base_path
from auth_api.web.frame.brand import Brand
from auth_api.web.frame.frame import Frame, ShownProvider
from auth_api.web.frame.page_assets import PageAssets


def build(core: Core, settings: Settings) -> Feature:
    """Build what all pages share."""
    base = base_path(settings.http.public_url)
    cookie = SessionCookie(public_url=settings.http.public_url, is_production=settings.is_production)
    frame = Frame(
        brand=Brand.of(settings.pages, product=settings.mail.product, base=base),
        base=base,
        cookie=cookie,
        browser_sessions=core.browser_sessions,
        hand_off=HandOff(flows=core.sign_in_flows, users=core.users, sessions=core.sessions, sign_in=core.sign_in),
        return_urls=ReturnUrls(urls=frozenset(settings.of(ReturnPolicy).urls)),
        default_language=settings.pages.default_language,
        rules=settings.passwords,
        has_mailbox=settings.mail.folder is not None,
        providers=tuple(
            ShownProvider(id=each.settings.id, name=each.settings.name, can_sign_up=each.settings.sign_up)
            for each in core.providers.all()
        ),
    )
    return Feature(
        controllers=(AssetController,),
        dependencies={
            "frame": frame,
            "browser_sessions": core.browser_sessions,
            "freshness": core.freshness,
            "page_assets": PageAssets.of(settings.pages),
        },
    )


MANIFEST: Final = Manifest(build=build)
