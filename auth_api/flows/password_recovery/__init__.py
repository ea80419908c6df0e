"""The journey of somebody who forgot the password: a mail, a token, a new password, and nobody else logged in."""
