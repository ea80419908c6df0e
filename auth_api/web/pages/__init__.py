"""The pages that links in mails lead to where no frontend has any, and a mailbox for developers."""
