"""Sessions and their tokens: open, check, refresh and end them. How the user proved the identity is not known here."""
