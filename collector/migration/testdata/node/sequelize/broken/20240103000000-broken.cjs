exports.up = (queries) => queries.addColumn('nothing', 'id', 'INT')
exports.down = (queries) => Promise.resolve()
