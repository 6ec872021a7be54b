// SPDX-License-Identifier: Apache-2.0

exports.up = (knex) => knex.schema.alterTable('nothing', (t) => t.integer('id'))
exports.down = (knex) => Promise.resolve()
