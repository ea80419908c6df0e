"""Flows of a client, such as registration and login. Flows use resources, and never each other."""
