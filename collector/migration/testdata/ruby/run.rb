# SPDX-License-Identifier: Apache-2.0

# Runs Active Record's migrations for the tests: run.rb rails up|down FOLDER, the database in the environment.

require 'active_record'
require 'json'

_tool, action, folder = ARGV
database = JSON.parse(ENV.fetch('DATABASE'))
ActiveRecord::Base.establish_connection(
  adapter: 'mysql2', host: database['host'], port: database['port'], username: database['user'],
  password: database['password'], database: database['database']
)
migrations = ActiveRecord::MigrationContext.new(folder, ActiveRecord::SchemaMigration)
action == 'down' ? migrations.rollback : migrations.migrate
