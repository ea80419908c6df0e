"""Run the command line with `python -m auth_api`."""

from auth_api.cli import main

if __name__ == "__main__":
    main()
