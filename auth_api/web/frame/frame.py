"""What all pages share."""

from dataclasses import dataclass

import msgspec

from auth_api.authentication.session_cookie import SessionCookie
from auth_api.flows.federation.hand_off import HandOff
from auth_api.sessions.browser_sessions import BrowserSessions
from auth_api.sign_in_flows.return_urls import ReturnUrls
from auth_api.users.policy import PasswordPolicy
from auth_api.web.frame.brand import Brand


class ShownProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider as the pages show it.

    Attributes:
        id: its id in the settings.
        name: its name for people.
        can_sign_up: whether it creates accounts.
    """

    id: str
    name: str
    can_sign_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all pages share.

    Attributes:
        brand: the name, logo and links on the pages.
        base: the path that a proxy puts before all paths of this server; empty if there is none.
        cookie: the cookie of the browser session.
        browser_sessions: finds the session of a cookie.
        hand_off: hands a sign-in over to an application.
        return_urls: the applications that a sign-in may lead to.
        default_language: for people whose browser accepts no language of the pages.
        rules: the rules for a new password.
        has_mailbox: whether mails are written into a folder, which a page for developers shows.
        providers: by which people can log in.
    """

    brand: Brand
    base: str
    cookie: SessionCookie
    browser_sessions: BrowserSessions
    hand_off: HandOff
    return_urls: ReturnUrls
    default_language: str
    rules: PasswordPolicy
    has_mailbox: bool
    providers: tuple[ShownProvider, ...]
