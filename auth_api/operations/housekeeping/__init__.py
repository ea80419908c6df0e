"""Removes what is over, in the background of every server and by `auth-api cleanup`."""
