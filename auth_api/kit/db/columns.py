"""A column class that Piccolo lacks. Migrations import it, so its name can never change."""

from piccolo.columns.column_types import BigSerial


class NeverReusedBigSerial(BigSerial):
    """A serial number that is not used again, even after its row was deleted.

    PostgreSQL's sequences never reuse numbers. SQLite does without AUTOINCREMENT: a new user could get the id of a
    deleted one.
    """

    @property
    def ddl(self) -> str:
        """The definition of the column in CREATE TABLE."""
        definition = f'"{self._meta.db_column_name}" {self.column_type} PRIMARY KEY'
        return f"{definition} AUTOINCREMENT" if self._meta.engine_type == "sqlite" else f"{definition} NOT NULL"
