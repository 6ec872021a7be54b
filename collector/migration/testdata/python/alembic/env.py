# SPDX-License-Identifier: Apache-2.0

import json
import os

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import URL

database = json.loads(os.environ["DATABASE"])
url = URL.create(
    "mysql+pymysql", database["user"], database["password"], database["host"], database["port"], database["database"])
with create_engine(url).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
