"""Lets `piccolo migrations forwards auth_api` work in this folder."""

from auth_api.piccolo_conf import APP_REGISTRY, DB

__all__ = ["APP_REGISTRY", "DB"]
