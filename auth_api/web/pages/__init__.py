"""The pages of the links in mails, if no frontend has them."""
