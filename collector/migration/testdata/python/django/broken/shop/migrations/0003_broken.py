# SPDX-License-Identifier: Apache-2.0

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("shop", "0002_lines")]
    operations = [migrations.RunSQL("ALTER TABLE nothing ADD COLUMN id INT", migrations.RunSQL.noop)]
