# SPDX-License-Identifier: Apache-2.0

from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.execute("CREATE TABLE order_lines (id INT PRIMARY KEY)")


def downgrade():
    op.execute("DROP TABLE order_lines")
