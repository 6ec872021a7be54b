// SPDX-License-Identifier: Apache-2.0

import mysql from 'mysql2/promise'
import { drizzle } from 'drizzle-orm/mysql2'
import { migrate } from 'drizzle-orm/mysql2/migrator'
import { database, folder } from './server.mjs'

const connection = await mysql.createConnection(database)
try {
  await migrate(drizzle(connection), { migrationsFolder: folder })
} finally {
  await connection.end()
}
