"""Configuration of the `piccolo` command: the engine for DATABASE_URL, and this application.

Only that command imports this module (`PICCOLO_CONF=auth_api.piccolo_conf` outside of the repository). The server and
`auth-api` get their engine from `create_app` and from the commands.
"""

import os
from pathlib import Path

from piccolo.conf.apps import AppRegistry

from auth_api.kit.db.database import create_engine
from auth_api.settings import Settings
from auth_api.settings.environment import read_environment

DB = create_engine(Settings.from_env(read_environment(os.environ, Path.cwd())).database)
APP_REGISTRY = AppRegistry(apps=["auth_api.piccolo_app"])
