// SPDX-License-Identifier: Apache-2.0

exports.Orders1704067200000 = class Orders1704067200000 {
  up(queries) { return queries.query('CREATE TABLE orders (id INT PRIMARY KEY)') }
  down(queries) { return queries.query('DROP TABLE orders') }
}
