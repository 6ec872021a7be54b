// SPDX-License-Identifier: Apache-2.0

exports.up = (queries) => queries.createTable('orders', { id: { type: 'INT', primaryKey: true } })
exports.down = (queries) => queries.dropTable('orders')
