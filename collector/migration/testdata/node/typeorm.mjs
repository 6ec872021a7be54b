// SPDX-License-Identifier: Apache-2.0

import 'reflect-metadata'
import { DataSource } from 'typeorm'
import { database, action, folder } from './server.mjs'

const source = new DataSource({
  type: 'mysql', connectorPackage: 'mysql2', host: database.host, port: database.port, username: database.user,
  password: database.password, database: database.database, migrations: [folder + '/*.cjs'],
})
await source.initialize()
try {
  await (action === 'down' ? source.undoLastMigration() : source.runMigrations())
} finally {
  await source.destroy()
}
