"""Other servers of the kind, each set up as its own documentation says for production; installed by hash."""
