// SPDX-License-Identifier: Apache-2.0

exports.up = (queries) => queries.createTable('order_lines', { id: { type: 'INT', primaryKey: true } })
exports.down = (queries) => queries.dropTable('order_lines')
