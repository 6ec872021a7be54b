// SPDX-License-Identifier: Apache-2.0

import Knex from 'knex'
import { database, action, folder } from './server.mjs'

const knex = Knex({ client: 'mysql2', connection: database, migrations: { directory: folder, loadExtensions: ['.cjs'] } })
try {
  await (action === 'down' ? knex.migrate.down() : knex.migrate.latest())
} finally {
  await knex.destroy()
}
