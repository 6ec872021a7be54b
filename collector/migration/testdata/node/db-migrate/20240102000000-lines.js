// SPDX-License-Identifier: Apache-2.0

exports.up = (db) => db.runSql('CREATE TABLE order_lines (id INT PRIMARY KEY)')
exports.down = (db) => db.runSql('DROP TABLE order_lines')
exports._meta = { version: 1 }
