"""Turns a draft into a mail by its templates.

A kind of mail has two: `NAME.txt`, whose first line is `Subject: …`, and `NAME.html`. They lie in one folder per
language; an operator's own folder is looked through first.
"""

from pathlib import Path
from typing import Final

import jinja2

from auth_api.events.outbox.letters import PATHS, Draft, OutboxItem
from auth_api.kit.device import device_label
from auth_api.kit.mail.message import Message
from auth_api.kit.mail.policy import MailPolicy

DEFAULT_LANGUAGE: Final = "en"

_OWN: Final = Path(__file__).parent / "templates"
_SUBJECT: Final = "Subject: "


class Renderer:
    """Writes mails by a policy's texts."""

    def __init__(self, policy: MailPolicy) -> None:
        self._policy = policy
        self._folders = [*([Path(policy.templates)] if policy.templates else []), _OWN]
        self._languages = {
            (folder, path.name.lower()): path for folder in self._folders for path in folder.iterdir() if path.is_dir()
        }
        self._environments: dict[tuple[Path, ...], jinja2.Environment] = {}

    def render(self, item: OutboxItem, draft: Draft) -> Message:
        """Return the mail.

        Raises:
            jinja2.TemplateError: an operator's template is wrong.
        """
        purpose = draft.mail_kind.purpose if draft.token else None
        fragment = f"{PATHS[purpose]}#token={draft.token}" if purpose else "/"
        values = {
            "product": self._policy.product,
            "recipient": draft.recipient,
            "username": draft.username,
            "token": draft.token,
            "link": self._policy.frontend_url + fragment,
            "minutes": int(purpose.lifetime.total_seconds() // 60) if purpose else None,
            "ip_address": item.request_context.ip_address,
            "device": device_label(item.request_context.user_agent),
            "parameters": item.parameters,
        }
        environment = self._environment(draft.locale or item.request_context.language)
        subject, _, text = environment.get_template(f"{draft.mail_kind}.txt").render(values).partition("\n")
        return Message(
            message_id=f"{item.created}.{item.id}@{self._policy.sender.domain}",
            recipient=draft.recipient,
            subject=" ".join(subject.removeprefix(_SUBJECT).split()),
            text=text.strip() + "\n",
            html=environment.get_template(f"{draft.mail_kind}.html").render(values),
        )

    def _environment(self, locale: str | None) -> "jinja2.Environment":
        """Look for `de-AT`, then `de`, then `en`, in each folder before the next."""
        wanted = (locale or "").lower()
        languages = dict.fromkeys([wanted, wanted.partition("-")[0], DEFAULT_LANGUAGE])
        # Only folders that are there: a locale was somebody's input, and must not become a path.
        found = tuple(
            folder
            for language in languages
            for root in self._folders
            if (folder := self._languages.get((root, language))) is not None
        )
        if found not in self._environments:  # by folders, of which there are few, not by what people made up
            self._environments[found] = jinja2.Environment(
                loader=jinja2.FileSystemLoader(found),
                autoescape=jinja2.select_autoescape(["html"]),
                undefined=jinja2.StrictUndefined,
            )
        return self._environments[found]
