// SPDX-License-Identifier: Apache-2.0

exports.Lines1704153600000 = class Lines1704153600000 {
  up(queries) { return queries.query('CREATE TABLE order_lines (id INT PRIMARY KEY)') }
  down(queries) { return queries.query('DROP TABLE order_lines') }
}
