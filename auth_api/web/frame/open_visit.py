"""Read the session of the browser that sends a request to a page."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Request

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.scope_keys import ACTOR
from auth_api.web.frame.frame import Frame
from auth_api.web.frame.visit import Visit


async def open_visit(frame: Frame, request: Request[Any, Any, Any]) -> Visit:
    """Return the visit of a request. Without a cookie, it needs no database.

    Raises:
        ApplicationException: the session cannot be read. A POST raises it after its form is read, to show it again.
    """
    raw = frame.cookie.read(request.scope["headers"])
    browser, failure = None, None
    try:
        browser = await frame.browser_sessions.find(raw) if raw else None
    except ApplicationException as error:
        if request.method != "POST":
            raise
        failure = error
    if browser is not None:
        request.scope["user"] = browser.principal
        request.scope["state"][ACTOR] = browser.principal.actor
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return Visit(frame=frame, request=request, cookie=raw, browser=browser, failure=failure, query=query, values=query)
