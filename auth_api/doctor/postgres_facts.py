"""What a PostgreSQL server reports about itself and the tables."""

import msgspec

from auth_api.doctor.administrators import BuiltInRoles
from auth_api.doctor.oauth_clients import RegisteredApplication
from auth_api.doctor.passkeys import PasskeysByDomain
from auth_api.doctor.sealed_values import ValuesByKey
from auth_api.doctor.tables import SequenceState


class PostgresFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a server reports about itself.

    Attributes:
        is_read_only: whether it rejects changes, as a standby does.
        seconds: duration of a query.
        clock_offset: seconds by which its clock is at least ahead of this machine's; negative if it is behind.
        is_pooled: whether a pooler stands between this machine and the server.
        statement_timeout: the time limit of statements in milliseconds; 0 is none.
        applied: names of the applied migrations.
        columns: the columns of all tables, as `table.column`.
        lacking_privileges: tables, each with a privilege that the role lacks.
        sequences: the sequences of all tables.
        invalid_indexes: the names of incomplete indexes.
        values_by_key: the number of encrypted values by the beginning of the value, by column.
        passkeys_by_domain: the number of passkeys by their domain.
        built_in_roles: the built-in roles by name.
        applications: the active applications to which users sign in.
    """

    major: int
    version: str
    encoding: str
    is_read_only: bool
    seconds: float
    clock_offset: float
    max_connections: int
    reserved: int
    is_encrypted: bool
    is_superuser: bool
    is_pooled: bool
    statement_timeout: int
    applied: list[str]
    columns: list[str]
    lacking_privileges: list[tuple[str, str]]
    sequences: list[SequenceState]
    invalid_indexes: list[str]
    values_by_key: ValuesByKey
    passkeys_by_domain: PasskeysByDomain
    built_in_roles: BuiltInRoles
    applications: list[RegisteredApplication]
