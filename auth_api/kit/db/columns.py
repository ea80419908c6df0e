"""A column class that Piccolo lacks. Migrations import it: its name stays for ever."""

from piccolo.columns.column_types import BigSerial


class NeverReusedBigSerial(BigSerial):
    """A serial number that is never given out again, not even after its row was deleted.

    PostgreSQL's sequences do not reuse numbers; SQLite does without AUTOINCREMENT, and a deleted account's number would
    then come back with somebody else behind it.
    """

    @property
    def ddl(self) -> str:
        """The column's part of CREATE TABLE."""
        definition = f'"{self._meta.db_column_name}" {self.column_type} PRIMARY KEY'
        return f"{definition} AUTOINCREMENT" if self._meta.engine_type == "sqlite" else f"{definition} NOT NULL"
