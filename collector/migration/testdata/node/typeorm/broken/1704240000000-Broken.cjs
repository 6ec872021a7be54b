// SPDX-License-Identifier: Apache-2.0

exports.Broken1704240000000 = class Broken1704240000000 {
  up(queries) { return queries.query('ALTER TABLE nothing ADD COLUMN id INT') }
  down(queries) { return queries.query('SELECT 1') }
}
