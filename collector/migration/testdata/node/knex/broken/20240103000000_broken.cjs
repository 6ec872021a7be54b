exports.up = (knex) => knex.schema.alterTable('nothing', (t) => t.integer('id'))
exports.down = (knex) => Promise.resolve()
