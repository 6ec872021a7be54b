// SPDX-License-Identifier: Apache-2.0

import { createRequire } from 'node:module'
import { database, action, folder } from './server.mjs'

const tool = createRequire(import.meta.url)('db-migrate').getInstance(true, {
  throwUncatched: true,
  config: { dev: { driver: 'mysql', ...database, multipleStatements: true } },
  cmdOptions: { 'migrations-dir': folder },
})
await (action === 'down' ? tool.down(1) : tool.up())
