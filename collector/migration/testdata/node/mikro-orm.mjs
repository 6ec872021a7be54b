// SPDX-License-Identifier: Apache-2.0

import { MikroORM, EntitySchema } from '@mikro-orm/mysql'
import { Migrator } from '@mikro-orm/migrations'
import { database, action, folder } from './server.mjs'

const orm = await MikroORM.init({
  host: database.host, port: database.port, user: database.user, password: database.password, dbName: database.database,
  entities: [new EntitySchema({ name: 'Order', tableName: 'orders', properties: { id: { primary: true, type: 'number' } } })],
  extensions: [Migrator], migrations: { path: folder, glob: '!(*.d).cjs', snapshot: false },
})
try {
  await (action === 'down' ? orm.getMigrator().down() : orm.getMigrator().up())
} finally {
  await orm.close(true)
}
