// SPDX-License-Identifier: Apache-2.0

const { Migration } = require('@mikro-orm/migrations')

exports.Migration20240101000000_orders = class Migration20240101000000_orders extends Migration {
  up() { this.addSql('CREATE TABLE orders (id INT PRIMARY KEY)') }
  down() { this.addSql('DROP TABLE orders') }
}
