"""GET /account/data, the export of the data, and the deletion of the account."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from litestar import Controller, MediaType, Response, get, post

from auth_api.events.audit.policy import AuditPolicy
from auth_api.flows.account.export import ExportService
from auth_api.flows.account.service import AccountService
from auth_api.kit.errors import ApplicationException, FieldError, ValidationException
from auth_api.kit.http.dependencies import Injected
from auth_api.kit.http.scope_keys import PAGE_KIND
from auth_api.kit.http.security_headers import PageKind
from auth_api.sign_in.freshness import Freshness
from auth_api.web.account.account_page import account_page
from auth_api.web.account.confirmation_fields import confirmation_fields, require_password
from auth_api.web.account.schemas import DeletionForm
from auth_api.web.frame.routes import PAGE
from auth_api.web.frame.visit import Visit

DATA: Final = "/account/data"


class DataPageController(Controller):
    """Say what is kept about the person, export it, and delete the account."""

    path = DATA

    @get("/", **PAGE)
    async def show(
        self, visit: Injected[Visit], freshness: Injected[Freshness], audit_policy: Injected[AuditPolicy]
    ) -> Response[str]:
        """Show what is kept, and the forms."""
        return await _form(visit, freshness, audit_policy)

    @post("/export", rate_limit="export", **PAGE)
    async def export(
        self,
        visit: Injected[Visit],
        exports: Injected[ExportService],
        freshness: Injected[Freshness],
        audit_policy: Injected[AuditPolicy],
    ) -> Response[Any]:
        """Return all data as a file."""
        try:
            await visit.read_fields()
            document = await exports.export(visit.principal)
        except ApplicationException as refusal:
            return await _form(visit, freshness, audit_policy, refusal)
        return _file(visit, document, exports.file_name(visit.principal, document))

    @post("/delete", load_shedder="password_hashing", rate_limit="account_deletion", **PAGE)
    async def delete(
        self,
        visit: Injected[Visit],
        accounts: Injected[AccountService],
        freshness: Injected[Freshness],
        audit_policy: Injected[AuditPolicy],
    ) -> Response[Any]:
        """Delete the account, and say goodbye."""
        try:
            form = await visit.form(DeletionForm)
            _check_username(visit, form.confirm)
            await require_password(visit, freshness, form.current_password)
            await accounts.delete(
                visit.principal, current_password=form.current_password, request_context=visit.request_context
            )
        except ApplicationException as refusal:
            return await _form(visit, freshness, audit_policy, refusal)
        return _goodbye(visit)


def _check_username(visit: Visit, typed: str) -> None:
    """Check that a person has typed their own username.

    Raises:
        ValidationException: it is another text.
    """
    if typed.strip().lower() != visit.principal.user.username:
        raise ValidationException([FieldError("confirm", "conflict", "Must be the username of the account.")])


def _file(visit: Visit, document: Mapping[str, Any], name: str) -> Response[Any]:
    """Return a document that browsers save as a file."""
    visit.count("done")
    visit.request.scope["state"][PAGE_KIND] = PageKind.ACCOUNT
    return Response(
        document, media_type=MediaType.JSON, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _goodbye(visit: Visit) -> Response[str]:
    """Return the page after the deletion, which also deletes the cookie."""
    response = visit.page("account/goodbye.html", kind=PageKind.ACCOUNT)
    response.headers["Set-Cookie"] = visit.frame.cookie.delete()
    return response


async def _form(
    visit: Visit, freshness: Freshness, policy: AuditPolicy, refusal: ApplicationException | None = None
) -> Response[str]:
    return account_page(
        visit,
        "data",
        refusal,
        confirmed=await confirmation_fields(visit, freshness),
        history_days=None if policy.retention is None else policy.retention // timedelta(days=1),
    )
