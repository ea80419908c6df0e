"""Passkeys: the server's part of WebAuthn Level 3, around the library `webauthn`.

The library verifies signatures and what they cover. It accepts more than this package does, and raises undocumented
exceptions on hostile input, so everything is read and checked here first. `RelyingParty` is the entry point.
"""
