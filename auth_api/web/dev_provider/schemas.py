"""The form on which people choose who they are."""

from typing import Annotated

import msgspec

from auth_api.credentials.providers.dev import PEOPLE, MadeUpPerson
from auth_api.kit.errors import FieldError, ValidationException
from auth_api.users.identifiers import MAX_EMAIL_LENGTH


class ChoiceForm(msgspec.Struct, frozen=True, kw_only=True):
    """Either the name of a prepared `person`, or a person of one's own. The groups are separated by commas."""

    person: str | None = None
    name: Annotated[str, msgspec.Meta(max_length=50)] | None = None
    email: Annotated[str, msgspec.Meta(max_length=MAX_EMAIL_LENGTH)] | None = None
    email_verified: bool = False
    groups: Annotated[str, msgspec.Meta(max_length=500)] = ""

    @property
    def chosen(self) -> MadeUpPerson:
        """The person.

        Raises:
            ValidationException: the form names no person.
        """
        prepared = {person.name: person for person in PEOPLE}
        if self.person in prepared:
            return prepared[self.person]
        if self.name is None:
            raise ValidationException([FieldError("name", "missing", "This field is required.")])
        groups = tuple(group for each in self.groups.split(",") if (group := each.strip()))
        return MadeUpPerson(name=self.name, email=self.email, email_verified=self.email_verified, groups=groups)
