"""Password recovery: a mailed link sets a new password; the link of a security notice revokes all access."""
