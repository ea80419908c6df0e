"""The proof of identity that an operation of an account needs."""

import msgspec

from auth_api.credentials.factor_kind import FactorKind
from auth_api.sessions.assurance import Level
from auth_api.sign_in.errors import PASSWORD_METHOD


class NeededProof(msgspec.Struct, frozen=True, kw_only=True):
    """The proof of identity that an operation of an account needs.

    Attributes:
        level: the level of assurance.
        methods: how the user can reach it; empty if only an operator, or one of `enrolment`, can help.
        enrolment: the kinds of factor that the user has to choose one of and add.
    """

    level: Level
    methods: tuple[str, ...]
    enrolment: tuple[FactorKind, ...] = ()

    @property
    def is_password(self) -> bool:
        """Whether the password is the only method, so that a form with a field for it needs no further proof."""
        return self.methods == (PASSWORD_METHOD,)
