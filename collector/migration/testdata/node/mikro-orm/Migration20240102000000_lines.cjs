// SPDX-License-Identifier: Apache-2.0

const { Migration } = require('@mikro-orm/migrations')

exports.Migration20240102000000_lines = class Migration20240102000000_lines extends Migration {
  up() { this.addSql('CREATE TABLE order_lines (id INT PRIMARY KEY)') }
  down() { this.addSql('DROP TABLE order_lines') }
}
