"""The frame of all pages for people: layout, languages, brand, forms, and what follows a request."""
