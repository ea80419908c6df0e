"""Sign-in: decides whether a proven user gets a session, and is the only package that opens one."""
