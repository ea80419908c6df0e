"""The pages for developers: a start page, and the mails that were written into a folder."""
