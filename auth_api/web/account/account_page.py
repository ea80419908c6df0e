"""Responses with a page of the account."""

from collections.abc import Mapping
from typing import Any

from litestar import Response

from auth_api.kit.errors import ApplicationException
from auth_api.kit.http.security_headers import PageKind
from auth_api.web.frame.visit import NO_VALUES, Visit


def account_page(
    visit: Visit,
    template: str,
    refusal: ApplicationException | None = None,
    *,
    initial: Mapping[str, str] = NO_VALUES,
    **values: Any,
) -> Response[str]:
    """Return a page of the account.

    Args:
        visit: the request of a person who is logged in.
        template: the file without its ending.
        refusal: the error that the page shows; None if there is none.
        initial: what the fields of the form contain before the person changes them.
        values: what the template uses besides the values of every page.
    """
    name = f"account/{template}.html"
    if refusal is None:
        return visit.page(name, kind=PageKind.ACCOUNT, initial=initial, **values)
    return visit.refused(refusal, name, kind=PageKind.ACCOUNT, initial=initial, **values)
