# SPDX-License-Identifier: Apache-2.0

"""Runs Django's or Alembic's migrations for the tests: run.py TOOL up|down FOLDER, the database in the environment."""

import json
import os
import sys

import pymysql

tool, action, folder = sys.argv[1:]
database = json.loads(os.environ["DATABASE"])


def django():
    pymysql.install_as_MySQLdb()
    import django
    from django.conf import settings
    from django.core.management import call_command

    sys.path.insert(0, folder)
    settings.configure(
        INSTALLED_APPS=["shop"],
        USE_TZ=True,
        TIME_ZONE="Asia/Kolkata",
        DATABASES={"default": {
            "ENGINE": "django.db.backends.mysql", "HOST": database["host"], "PORT": database["port"], "USER": database["user"],
            "PASSWORD": database["password"], "NAME": database["database"],
        }},
    )
    django.setup()
    call_command("migrate", *(["shop", "0001"] if action == "down" else []), verbosity=0)


def alembic():
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", folder)
    (command.downgrade(config, "-1") if action == "down" else command.upgrade(config, "heads"))


{"django": django, "alembic": alembic}[tool]()
