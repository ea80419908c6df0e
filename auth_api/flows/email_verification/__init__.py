"""The journey of an address: a mail, a token, and it is its owner's, and nobody else's any more."""
