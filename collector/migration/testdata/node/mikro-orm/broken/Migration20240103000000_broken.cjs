// SPDX-License-Identifier: Apache-2.0

const { Migration } = require('@mikro-orm/migrations')

exports.Migration20240103000000_broken = class Migration20240103000000_broken extends Migration {
  up() { this.addSql('ALTER TABLE nothing ADD COLUMN id INT') }
  down() { this.addSql('SELECT 1') }
}
