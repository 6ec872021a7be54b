// SPDX-License-Identifier: Apache-2.0

exports.up = (db) => db.runSql('CREATE TABLE orders (id INT PRIMARY KEY)')
exports.down = (db) => db.runSql('DROP TABLE orders')
exports._meta = { version: 1 }
