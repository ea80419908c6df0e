"""`auth-api doctor`: looks at everything that a deployment needs, changes nothing, and says what to do about it."""
