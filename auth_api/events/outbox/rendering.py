"""Renders mails from their templates.

A kind of mail has two templates, `NAME.txt`, whose first line is `Subject: …`, and `NAME.html`, in one folder per
language. Templates in the operator's own folder are preferred.
"""

from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Final

import jinja2

from auth_api.events.outbox.kinds import Draft, MailKind, OutboxItem
from auth_api.kit.device import known_device
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import MailPolicy

DEFAULT_LANGUAGE: Final = "en"
UNKNOWN_DEVICE: Final = "an unknown program"

_SHARED_TEMPLATES: Final = Path(__file__).parent / "templates"
_SUBJECT: Final = "Subject: "


class Renderer:
    """Renders mails.

    Args:
        policy: sender, links and the operator's own templates.
        kinds: the kinds of mail, for the folders of their templates.
    """

    def __init__(self, policy: MailPolicy, kinds: Iterable[MailKind]) -> None:
        self._policy = policy
        own = [Path(policy.templates)] if policy.templates else []
        self._folders = list(dict.fromkeys([*own, *(kind.templates for kind in kinds), _SHARED_TEMPLATES]))
        self._languages = {
            (folder, path.name.lower()): path for folder in self._folders for path in folder.iterdir() if path.is_dir()
        }
        self._environments: dict[tuple[Path, ...], jinja2.Environment] = {}

    def render(self, kind: MailKind, item: OutboxItem, draft: Draft) -> Message:
        """Return the mail.

        A client has chosen the username, the user agent and, until it is verified, the e-mail address. Mails must not
        contain words of strangers, and mail programs turn words with dots into links.

        Raises:
            jinja2.TemplateError: a template of the operator is invalid.
        """
        purpose = kind.purpose if draft.token else None
        values = {
            "product": self._policy.product,
            "recipient": draft.recipient if draft.is_verified else None,
            "username": draft.username if draft.is_verified and "." not in (draft.username or "") else None,
            "token": draft.token,
            "link": self._policy.frontend_url + (f"{kind.path}#token={draft.token}" if purpose else "/"),
            "minutes": int(purpose.lifetime.total_seconds() // 60) if purpose else None,
            "ip_address": item.request_context.client_ip,
            "device": known_device(item.request_context.user_agent) or UNKNOWN_DEVICE if draft.is_verified else None,
            "created_at": item.created_at.astimezone(UTC),
            "parameters": item.parameters,
        }
        environment = self._environment(draft.locale or item.request_context.language)
        subject, _, text = environment.get_template(f"{kind.name}.txt").render(values).partition("\n")
        return Message(
            message_id=f"{item.created_at:%Y%m%d%H%M%S%f}.{item.id}@{self._policy.sender.domain}",
            recipient=draft.recipient,
            subject=" ".join(subject.removeprefix(_SUBJECT).split()),
            text=text.strip() + "\n",
            html=environment.get_template(f"{kind.name}.html").render(values),
        )

    def _environment(self, locale: str | None) -> "jinja2.Environment":
        """Return the environment that searches `de-AT`, then `de`, then `en`, each in every folder."""
        wanted = (locale or "").lower()
        languages = dict.fromkeys([wanted, wanted.partition("-")[0], DEFAULT_LANGUAGE])
        # Only existing folders: the locale came from a client and must not become a path.
        found = tuple(
            folder
            for language in languages
            for root in self._folders
            if (folder := self._languages.get((root, language))) is not None
        )
        if found not in self._environments:  # keyed by folders: a client could send any number of locales
            self._environments[found] = jinja2.Environment(
                loader=jinja2.FileSystemLoader(found),
                autoescape=jinja2.select_autoescape(["html"]),
                undefined=jinja2.StrictUndefined,
                finalize=lambda value: "" if value is None else value,
            )
        return self._environments[found]
