"""E-mail change: requested by the user, confirmed from the new mailbox, and undone from the old one."""
