"""Metrics of the pages."""

from typing import Final

from auth_api.kit.prometheus import counter

PAGE_POSTS: Final = counter("page_posts", "Forms that were sent, by page and outcome.", ["page", "outcome"])
