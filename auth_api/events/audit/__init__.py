"""The security history: events, each written in the transaction of the change that it records."""
