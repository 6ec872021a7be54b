// SPDX-License-Identifier: Apache-2.0

// Package migration shows the state of schema migrations from the tables in
// which migration tools keep their history.
//
// A [tool] is what differs from tool to tool: the table's columns, what they mean
// in SQL, the lock, the naming of files. Everything else is common: a history is
// found by the columns of its table or named by the user; each scrape asks all
// histories at once for three numbers and for the holder of the tool's lock, and
// only when a number changed are rows read, the new ones where possible; the folder
// of migration files is read in the background.
//
// What a tool's table cannot show is absent, never 0: golang-migrate remembers
// one version and no times; Flyway keeps a row per run; most tools leave no trace
// of a failure. A row that is unfinished while nobody holds the tool's lock has
// failed; with the lock held it is running. Where the lock cannot be known (the
// user says that the tool takes none, or the server is read-only, so that
// migrations run elsewhere) such a row is dirty.
//
// A table that the account may not read is not there: no statement fails for it.
// Where the configuration names it, dbsync_migration_history_visible is 0.
//
// # How each tool is known
//
// By tests that run the tool itself, on MariaDB and MySQL: golang-migrate, goose,
// sql-migrate, Knex, Sequelize's umzug, TypeORM, MikroORM, db-migrate, Drizzle,
// Django, Alembic, Rails' Active Record. By what the tool wrote when it was run by
// hand (success, failure, taking back, a kill half-way), which the tests write
// again: Liquibase 4.28. By the statements in its source, which the tests say
// where to find: Flyway, dbmate, Vitess, Atlas (atlas.sum by its library), Prisma,
// Laravel, Doctrine, Phinx, EF Core, sqlx, rambler, Diesel, SeaORM; by dumps: Ecto.
package migration
