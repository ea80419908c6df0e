"""The pages on which people sign in, register and sign out."""
