# SPDX-License-Identifier: Apache-2.0

from alembic import op

revision = "c3"
down_revision = "b2"


def upgrade():
    op.execute("ALTER TABLE nothing ADD COLUMN id INT")


def downgrade():
    op.execute("SELECT 1")
