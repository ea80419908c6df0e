"""Which method of proof a page shows, and which other ones it offers."""

from collections.abc import Awaitable, Callable, Sequence

import msgspec

from auth_api.kit.crypto.webauthn.options import RequestOptions
from auth_api.sign_in.second_factors import FactorMethod


class ProofChoice(msgspec.Struct, frozen=True, kw_only=True):
    """The methods of a page that asks for a proof of identity.

    Attributes:
        method: the one that it asks for; None if there is none.
        others: the other ones, each behind a button.
        public_key: the options for a passkey, as JSON; empty if it asks for another method, or if they cannot be
            read at the moment.
    """

    method: str | None
    others: tuple[str, ...] = ()
    public_key: str = ""


async def choose_proof(
    methods: Sequence[str], chosen: str | None, passkey_options: Callable[[], Awaitable[RequestOptions]]
) -> ProofChoice:
    """Return what a page asks for: the method that the person has chosen, or the best one.

    Args:
        methods: those of the account, best first.
        chosen: the method that the form named; None if it named none. One that the account does not have is ignored.
        passkey_options: returns the options for a passkey, called only if the page asks for one.
    """
    method = chosen if chosen in methods else next(iter(methods), None)
    options = await passkey_options() if method == FactorMethod.PASSKEY else None
    return ProofChoice(
        method=method,
        others=tuple(other for other in methods if other != method),
        public_key="" if options is None else msgspec.json.encode(options).decode(),
    )
