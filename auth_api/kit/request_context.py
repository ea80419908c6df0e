"""Where a request came from, as stored with sessions, audit rows and mails."""

import msgspec


class RequestContext(msgspec.Struct, frozen=True, kw_only=True):
    """The client of a request. Every attribute is None for the command line.

    Attributes:
        ip_address: of the client.
        user_agent: the `User-Agent` header.
        request_id: of the request, as in the log.
        language: the preferred language as a BCP 47 tag.
    """

    ip_address: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    language: str | None = None
