"""Authorization requests of applications in the browser, and the pages that ask the person about them."""
