// SPDX-License-Identifier: Apache-2.0

exports.up = (knex) => knex.schema.createTable('order_lines', (t) => t.increments())
exports.down = (knex) => knex.schema.dropTable('order_lines')
