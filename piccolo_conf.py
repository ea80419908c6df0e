"""Configuration of the `piccolo` command in this folder, as in `piccolo migrations forwards auth_api`."""

from auth_api.piccolo_conf import APP_REGISTRY, DB

__all__ = ["APP_REGISTRY", "DB"]
