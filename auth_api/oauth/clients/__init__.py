"""Applications to which users sign in, and how they authenticate."""
