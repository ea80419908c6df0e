"""Piccolo's configuration: all tables, the folder of their migrations, and the database engine."""

import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from piccolo.apps.migrations.tables import Migration
from piccolo.conf.apps import AppConfig, AppRegistry
from piccolo.table import Table

from auth_api.features import TABLES
from auth_api.kit.db.database import Engine

APP_NAME = "auth_api"
_BOUND_MODULE = "auth_api_bound_piccolo_conf"

# A wheel contains the migrations inside the package; in the repository they are beside it.
_PACKAGED = Path(__file__).parent / "piccolo_migrations"
_REPOSITORY = Path(__file__).parent.parent / "piccolo_migrations"

APP_CONFIG = AppConfig(
    app_name=APP_NAME,
    migrations_folder_path=str(_PACKAGED if _PACKAGED.is_dir() else _REPOSITORY),
    table_classes=list(TABLES),
    migration_dependencies=[],
)


def bind(engine: Engine) -> None:
    """Set the engine of all tables and of Piccolo's migrations in this process.

    Piccolo finds its engine by importing the module that PICCOLO_CONF names. A real module would read the environment a
    second time, so this function creates one that holds the engine of the current settings.
    """
    tables: list[type[Table]] = [*APP_CONFIG.table_classes, Migration]
    for table in tables:
        table._meta.db = engine  # noqa: SLF001 - where Piccolo itself stores it
    module: Any = ModuleType(_BOUND_MODULE)
    module.DB = engine
    module.APP_REGISTRY = AppRegistry(apps=[__name__])
    sys.modules[_BOUND_MODULE] = module
    os.environ["PICCOLO_CONF"] = _BOUND_MODULE
