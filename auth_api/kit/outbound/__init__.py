"""Calls to other servers, which reach no internal address and end in time, whatever the other server does."""
