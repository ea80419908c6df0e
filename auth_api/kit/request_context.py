"""Where a request came from: what sessions and audit rows keep of it."""

import msgspec


class RequestContext(msgspec.Struct, frozen=True, kw_only=True):
    """The far end of a request. Everything is None for the command line; `language` is a BCP 47 tag."""

    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    language: str | None = None
