// SPDX-License-Identifier: Apache-2.0

exports.up = (db) => db.runSql('ALTER TABLE nothing ADD COLUMN id INT')
exports.down = (db) => db.runSql('SELECT 1')
exports._meta = { version: 1 }
