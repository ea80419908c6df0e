"""What sessions, audit rows and mails record of the request that caused them."""

import msgspec


class RequestContext(msgspec.Struct, frozen=True, kw_only=True):
    """The client of a request. All fields except `actor` are None for commands of the operator.

    Instances of other versions read it in stored mails: each field needs a default, and none may change.

    Attributes:
        client_ip: IP address in canonical form; stored mails call it `ip_address`.
        user_agent: the header `User-Agent`, shortened.
        request_id: the id in the log and in `X-Request-ID`.
        language: BCP 47 language tags in order of preference, separated by commas.
        actor: who is authenticated, as `events/audit/actors.py` names it; None for requests without a session.
        key_id: the API key of the request; None for requests without one.
        via: `page` if the user acted on a page of this server; None for requests to the API.
    """

    client_ip: str | None = msgspec.field(default=None, name="ip_address")
    user_agent: str | None = None
    request_id: str | None = None
    language: str | None = None
    actor: str | None = None
    key_id: int | None = None
    via: str | None = None

    def with_actor(self, actor: str | None) -> "RequestContext":
        """Return a copy with this actor, for requests that are authenticated later than others."""
        return msgspec.structs.replace(self, actor=actor)
