// SPDX-License-Identifier: Apache-2.0

// What sequelize-cli does, by the libraries that it is made of.
import { createRequire } from 'node:module'
import { Sequelize } from 'sequelize'
import { Umzug, SequelizeStorage } from 'umzug'
import { database, action, folder } from './server.mjs'

const sequelize = new Sequelize(database.database, database.user, database.password, {
  dialect: 'mysql', host: database.host, port: database.port, logging: false,
})
const require = createRequire(import.meta.url)
const umzug = new Umzug({
  migrations: {
    glob: ['*.cjs', { cwd: folder }],
    resolve: ({ name, path, context }) => ({
      name, up: () => require(path).up(context), down: () => require(path).down(context),
    }),
  },
  context: sequelize.getQueryInterface(),
  storage: new SequelizeStorage({ sequelize }),
})
try {
  await (action === 'down' ? umzug.down() : umzug.up())
} finally {
  await sequelize.close()
}
