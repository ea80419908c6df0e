"""E-mail verification: sends a link, and marks the e-mail address as verified when it is used."""
