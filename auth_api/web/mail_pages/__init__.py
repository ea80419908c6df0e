"""The pages of the links in mails. Opening one, as mail scanners do, changes nothing."""
