"""Bodies of requests in which fields can be left out."""

from typing import Any

import msgspec


class GivenFields(msgspec.Struct, frozen=True, kw_only=True):
    """A body in which fields can be left out: they are UNSET."""

    @property
    def given(self) -> dict[str, Any]:
        """The fields that were sent, with lists as tuples."""
        values = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in values.items()
            if value is not msgspec.UNSET
        }
