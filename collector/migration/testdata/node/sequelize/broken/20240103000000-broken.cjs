// SPDX-License-Identifier: Apache-2.0

exports.up = (queries) => queries.addColumn('nothing', 'id', 'INT')
exports.down = (queries) => Promise.resolve()
