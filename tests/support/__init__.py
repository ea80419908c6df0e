"""Support modules of the tests: servers, processes, a browser, fake services and comparisons."""
