"""Render the operator's own templates of mails with sample values."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from auth_api.doctor.findings import Finding, fail, ok, warn
from auth_api.events.outbox.kinds import Draft, MailKind, OutboxItem
from auth_api.events.outbox.rendering import Renderer, RenderingError
from auth_api.features import MAIL_KINDS
from auth_api.kit.mail.policy import MailPolicy
from auth_api.kit.request_context import RequestContext

CHECK: Final = "mail.templates"

_FIX: Final = "Correct the file in MAIL_TEMPLATES: until then, its mails are deferred."
_NAMES: Final = {f"{kind.name}.{suffix}" for kind in MAIL_KINDS for suffix in ("txt", "html")}

_REQUEST: Final = RequestContext(client_ip="192.0.2.1", user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")


def check_templates(policy: MailPolicy) -> list[Finding]:
    """Render each mail in each language, to verified and unverified recipients; without own templates do nothing."""
    if policy.templates is None:
        return []
    renderer = Renderer(policy, MAIL_KINDS)
    failures = {error.template: error for language in renderer.languages for error in _errors(renderer, language)}
    findings = [
        *(fail(CHECK, f"{template} cannot be rendered: {error}.", _FIX) for template, error in failures.items()),
        *_check_names(Path(policy.templates)),
    ]
    return findings or [ok(CHECK, f"All mails can be rendered, in: {', '.join(renderer.languages)}.")]


def _errors(renderer: Renderer, language: str) -> Iterator[RenderingError]:
    for kind in MAIL_KINDS:
        for is_verified in (True, False):
            try:
                renderer.render(kind, _item(kind), _draft(kind, language, is_verified=is_verified))
            except RenderingError as error:
                yield error


def _item(kind: MailKind) -> OutboxItem:
    return OutboxItem(
        id=1,
        kind_name=kind.name,
        user_id=1,
        email=None,
        parameters={},
        request_context=_REQUEST,
        attempts=1,
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        age_seconds=0.0,
    )


def _draft(kind: MailKind, language: str, *, is_verified: bool) -> Draft:
    return Draft(
        recipient="ada@example.com",
        username="ada",
        is_verified=is_verified,
        locale=language,
        token="ot_sample" if kind.path else None,
    )


def _check_names(root: Path) -> Iterator[Finding]:
    """Report files that no mail uses, and texts whose other half is built in. Parts of others begin with `_`."""
    files = sorted(path.relative_to(root) for path in root.rglob("[!._]*") if path.is_file())
    for file in files:
        if file.parts[0].startswith("."):
            continue
        if len(file.parts) != 2 or file.name not in _NAMES:  # noqa: PLR2004 - language and name
            yield warn(CHECK, f"No mail uses {file}.", "Name it LANGUAGE/NAME.txt or .html, as in docs/mail.md.")
            continue
        other = file.with_suffix(".html" if file.suffix == ".txt" else ".txt")
        if other not in files:
            message = f"{file} has no {other.name} beside it: one mail has two different texts."
            yield warn(CHECK, message, f"Add {other}.")
