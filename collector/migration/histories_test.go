// SPDX-License-Identifier: Apache-2.0

//go:build unix

package migration_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// recorded is a history that a tool made elsewhere: as it was seen when the tool ran, or as its source says.
type recorded struct {
	tool   string
	origin string
	sql    []string // {s} is the schema
	files  map[string]string
	want   []string
	then   []step
}

// step is what happens next.
type step struct {
	what  string
	sql   []string
	files map[string]string
	want  []string
}

const (
	orders = "CREATE TABLE orders (id INT PRIMARY KEY);\n"
	lines  = "CREATE TABLE order_lines (id INT PRIMARY KEY);\n"
)

// runs are the series of a tool that records n runs, all of them good and now.
func runs(n int, more ...string) []string {
	return append(more, "last_applied_timestamp_seconds",
		fmt.Sprintf("recent_runs success 24h %d", n), fmt.Sprintf("recent_runs success 7d %d", n))
}

func recordedHistories() []recorded {
	return []recorded{
		{
			tool:   "flyway",
			origin: "createTable in flyway-database/flyway-mysql/src/main/java/org/flywaydb/database/mysql/MySQLDatabase.java",
			sql: []string{
				"CREATE TABLE {s}.flyway_schema_history (installed_rank INT NOT NULL, version VARCHAR(50), description VARCHAR(200) NOT NULL," +
					" type VARCHAR(20) NOT NULL, script VARCHAR(1000) NOT NULL, checksum INT, installed_by VARCHAR(100) NOT NULL," +
					" installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, execution_time INT NOT NULL, success BOOL NOT NULL," +
					" CONSTRAINT flyway_schema_history_pk PRIMARY KEY (installed_rank)) ENGINE=InnoDB",
				"CREATE INDEX flyway_schema_history_s_idx ON {s}.flyway_schema_history (success)",
				"INSERT INTO {s}.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by," +
					" execution_time, success) VALUES (0, NULL, '<< Flyway Schema Creation >>', 'SCHEMA', '`s`', NULL, 'app', 0, 1)," +
					" (1, '1', 'base', 'BASELINE', '<< Flyway Baseline >>', NULL, 'app', 0, 1)," +
					" (2, '2', 'digits', 'SQL', 'V2__digits.sql', -873187034, 'app', 250, 1)," +
					" (3, '2.1', 'code', 'JDBC', 'db.migration.V2_1__code', NULL, 'app', 1, 1)," +
					" (4, NULL, 'views', 'SQL', 'R__views.sql', -873187034, 'app', 1, 1)",
			},
			files: map[string]string{
				"V1__old.sql": orders, "V2__digits.sql": "123456789\r\n", "R__views.sql": "\uFEFF1234\n56789", "V10__new.sql": lines,
				"more/V2.0.1__late.sql": lines, "U2__undo.sql": "", "notes.sql": "",
			},
			want: runs(3, "history_visible 1", "info code 2.1 1", "lock_held 0", "revisions applied 3", "revisions failed 0",
				"revisions rolled_back 0", "revisions running 0", "revisions pending 2", "revisions missing 0", "revisions changed 0",
				"files 5", "pending_out_of_order 1", "oldest_pending_timestamp_seconds", "last_duration_seconds",
				"recent_runs failed 24h 0", "recent_runs failed 7d 0"),
			then: []step{
				{
					what: "the next one fails, a repeatable one and an old one change",
					sql: []string{"INSERT INTO {s}.flyway_schema_history (installed_rank, version, description, type, script, checksum," +
						" installed_by, execution_time, success) VALUES (5, '2.0.1', 'late', 'SQL', 'V2.0.1__late.sql', 1, 'app', 9, 0)"},
					files: map[string]string{"V2__digits.sql": "12345678", "R__views.sql": "1"},
					want: runs(3, "history_visible 1", "info code 2.1 1", "lock_held 0", "revisions applied 3", "revisions failed 1",
						"revisions rolled_back 0", "revisions running 0", "revisions pending 2", "revisions missing 0", "revisions changed 1",
						"files 5", "pending_out_of_order 0", "oldest_pending_timestamp_seconds", "last_duration_seconds",
						"recent_runs failed 24h 1", "recent_runs failed 7d 1"),
				},
				{
					what: "repair deletes the failed row, then it is undone and its file is gone",
					sql: []string{
						"DELETE FROM {s}.flyway_schema_history WHERE installed_rank = 5",
						"INSERT INTO {s}.flyway_schema_history (installed_rank, version, description, type, script, checksum, installed_by," +
							" execution_time, success) VALUES (5, '10', 'new', 'SQL', 'V10__new.sql', 1, 'app', 9, 1)," +
							" (6, '2', 'digits', 'UNDO_SQL', 'U2__digits.sql', 1, 'app', 9, 1)",
					},
					files: map[string]string{"V10__new.sql": ""},
					want: runs(5, "history_visible 1", "info new 10 1", "lock_held 0", "revisions applied 3", "revisions failed 0",
						"revisions rolled_back 1", "revisions running 0", "revisions pending 3", "revisions missing 1", "revisions changed 0",
						"files 4", "pending_out_of_order 2", "oldest_pending_timestamp_seconds", "last_duration_seconds",
						"recent_runs failed 24h 0", "recent_runs failed 7d 0"),
				},
			},
		},
		{
			tool:   "liquibase",
			origin: "Liquibase 4.28.0 (npm) with MariaDB's JDBC driver",
			sql: []string{
				"CREATE TABLE {s}.DATABASECHANGELOG (ID varchar(255) NOT NULL, AUTHOR varchar(255) NOT NULL, FILENAME varchar(255) NOT NULL," +
					" DATEEXECUTED datetime NOT NULL, ORDEREXECUTED int NOT NULL, EXECTYPE varchar(10) NOT NULL, MD5SUM varchar(35)," +
					" DESCRIPTION varchar(255), COMMENTS varchar(255), TAG varchar(255), LIQUIBASE varchar(20), CONTEXTS varchar(255)," +
					" LABELS varchar(255), DEPLOYMENT_ID varchar(10))",
				"CREATE TABLE {s}.DATABASECHANGELOGLOCK (ID int NOT NULL, LOCKED tinyint NOT NULL, LOCKGRANTED datetime, LOCKEDBY varchar(255)," +
					" PRIMARY KEY (ID))",
				"INSERT INTO {s}.DATABASECHANGELOGLOCK VALUES (1, 0, NULL, NULL)",
				"INSERT INTO {s}.DATABASECHANGELOG (ID, AUTHOR, FILENAME, DATEEXECUTED, ORDEREXECUTED, EXECTYPE, MD5SUM, DESCRIPTION)" +
					" VALUES ('1', 'ada', 'db/orders.sql', NOW(), 1, 'EXECUTED', '9:81c9cb4604159e2b898760c79b431746', 'sql')," +
					" ('lines', 'Ada L', 'db/orders.sql', NOW(), 2, 'EXECUTED', '9:d799a102c9e7d7bb94f77f3a347c95d2', 'sql')," +
					" ('x', 'ada', 'db/other.yaml', NOW(), 3, 'MARK_RAN', NULL, 'sql')",
			},
			files: map[string]string{
				"orders.sql": "--liquibase formatted sql\n\n--changeset ada:1\n" + orders + "--rollback DROP TABLE orders;\n\n" +
					"--changeset \"Ada L\":lines\n" + lines + "\n-- changeset ada:3 runOnChange:true\nSELECT 1;\n",
				"root.xml":  `<databaseChangeLog><changeSet id="9" author="bob"><sql>SELECT 1</sql></changeSet></databaseChangeLog>`,
				"plain.sql": orders,
			},
			want: runs(2, "history_visible 1", "info sql db/other.yaml::x::ada 1", "lock_held 0", "revisions applied 3",
				"revisions running 0", "revisions pending 2", "revisions missing 0", "files 4", "oldest_pending_timestamp_seconds"),
			then: []step{
				{
					what: "it runs, or was killed, and a change set is gone from its file",
					sql:  []string{"UPDATE {s}.DATABASECHANGELOGLOCK SET LOCKED = 1, LOCKGRANTED = NOW() - INTERVAL 1 HOUR, LOCKEDBY = 'ci'"},
					files: map[string]string{
						"orders.sql": "--liquibase formatted sql\n--changeset ada:1\n" + orders,
					},
					want: runs(2, "history_visible 1", "info sql db/other.yaml::x::ada 1", "lock_held 1", "lock_acquired_timestamp_seconds",
						"revisions applied 3", "revisions running 1", "revisions pending 1", "revisions missing 1", "files 2",
						"oldest_pending_timestamp_seconds"),
				},
				{
					what: "a change set ran again, in place; the last one was rolled back",
					sql: []string{
						"UPDATE {s}.DATABASECHANGELOGLOCK SET LOCKED = 0, LOCKGRANTED = NULL, LOCKEDBY = NULL",
						"UPDATE {s}.DATABASECHANGELOG SET ORDEREXECUTED = 4, EXECTYPE = 'RERAN', DESCRIPTION = 'again' WHERE ID = '1'",
						"DELETE FROM {s}.DATABASECHANGELOG WHERE ID = 'x'",
					},
					want: runs(2, "history_visible 1", "info again db/orders.sql::1::ada 1", "lock_held 0", "revisions applied 2",
						"revisions running 0", "revisions pending 1", "revisions missing 1", "files 2", "oldest_pending_timestamp_seconds"),
				},
			},
		},
		{
			tool:   "goose",
			origin: "goose before version 3, which noted down migrations (internal/dialects/mysql.go of then)",
			sql: []string{
				"CREATE TABLE {s}.goose_db_version (id serial NOT NULL, version_id bigint NOT NULL, is_applied boolean NOT NULL," +
					" tstamp timestamp NULL default now(), PRIMARY KEY(id))",
				"INSERT INTO {s}.goose_db_version (version_id, is_applied) VALUES (0, 1), (1, 1), (2, 1), (2, 0)",
			},
			want: runs(3, "history_visible 1", "info 1 1", "revisions applied 1"),
		},
		{
			tool:   "dbmate",
			origin: "pkg/driver/mysql/mysql.go of dbmate 2.35",
			sql: []string{
				"CREATE TABLE {s}.schema_migrations (version varchar(128) NOT NULL PRIMARY KEY)",
				"INSERT INTO {s}.schema_migrations VALUES ('20240102000000'), ('20240103000000')",
			},
			files: map[string]string{
				"20240102000000_orders.sql": orders, "20240104000000.sql": lines, "20240102000001_late.sql": lines,
			},
			want: []string{"history_visible 1", "info 20240103000000 1", "revisions applied 2", "revisions pending 2", "revisions missing 1",
				"files 3", "pending_out_of_order 1", "oldest_pending_timestamp_seconds"},
			then: []step{{
				what:  "old files are pruned: that is no loss",
				files: map[string]string{"20240102000000_orders.sql": "", "20240102000001_late.sql": ""},
				want: []string{"history_visible 1", "info 20240103000000 1", "revisions applied 2", "revisions pending 1",
					"revisions missing 0", "files 1", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"},
			}},
		},
		{
			tool:   "rails",
			origin: "Active Record 6.1.7 of Debian 12",
			sql: []string{
				"CREATE TABLE {s}.schema_migrations (version varchar(255) NOT NULL, PRIMARY KEY (version))",
				"CREATE TABLE {s}.ar_internal_metadata (`key` varchar(255) NOT NULL, value varchar(255), created_at datetime(6) NOT NULL," +
					" updated_at datetime(6) NOT NULL, PRIMARY KEY (`key`))",
				"INSERT INTO {s}.schema_migrations VALUES ('20240101000000'), ('20240102000000')",
			},
			files: map[string]string{
				"20240101000000_orders.rb": "", "20240102000000_lines.rb": " ", "20240103000000_broken.rb": " ", "sub/3_x.core.rb": " ",
			},
			want: []string{"history_visible 1", "info 20240102000000 1", "lock_held 0", "revisions running 0", "revisions applied 2",
				"revisions pending 2", "revisions missing 1", "files 3", "pending_out_of_order 1", "oldest_pending_timestamp_seconds"},
		},
		{
			tool:   "ecto",
			origin: "dumps of Ecto 3",
			sql: []string{
				"CREATE TABLE {s}.schema_migrations (version bigint NOT NULL, inserted_at datetime, PRIMARY KEY (version))",
				"INSERT INTO {s}.schema_migrations VALUES (20240101000000, UTC_TIMESTAMP()), (20240102000000, UTC_TIMESTAMP())",
			},
			files: map[string]string{"20240101000000_orders.exs": "x", "20240102000000_lines.exs": "x", "20240103000000_new.exs": "x"},
			want: runs(2, "history_visible 1", "info 20240102000000 1", "revisions applied 2", "revisions pending 1",
				"revisions missing 0", "files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"),
		},
		{
			tool:   "vitess",
			origin: "go/vt/sidecardb/schema/onlineddl/schema_migrations.sql",
			sql: []string{
				"CREATE TABLE {s}.schema_migrations (id bigint unsigned NOT NULL AUTO_INCREMENT, migration_uuid varchar(64) NOT NULL," +
					" mysql_schema varchar(128) NOT NULL, mysql_table varchar(128) NOT NULL, migration_statement text NOT NULL," +
					" added_timestamp timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, started_timestamp timestamp NULL DEFAULT NULL," +
					" completed_timestamp timestamp(6) NULL DEFAULT NULL, migration_status varchar(128) NOT NULL, PRIMARY KEY (id)," +
					" UNIQUE KEY uuid_idx (migration_uuid))",
				"INSERT INTO {s}.schema_migrations (migration_uuid, mysql_schema, mysql_table, migration_statement, started_timestamp," +
					" completed_timestamp, migration_status) VALUES ('a', 'shop', 'orders', '', NOW() - INTERVAL 1 SECOND, NOW(), 'failed')," +
					" ('b', 'shop', 'orders', '', NOW() - INTERVAL 1 SECOND, NOW(6), 'complete')," +
					" ('c', 'shop', 'order_lines', '', NOW(), NULL, 'running'), ('d', 'shop', 'invoices', '', NULL, NULL, 'queued')," +
					" ('e', 'shop', 'customers', '', NULL, NULL, 'cancelled')",
			},
			want: runs(1, "history_visible 1", "info shop.orders b 1", "revisions applied 1", "revisions failed 0", "revisions running 1",
				"revisions pending 1", "last_duration_seconds", "recent_runs failed 24h 1", "recent_runs failed 7d 1"),
			then: []step{{
				what: "the running one fails",
				sql:  []string{"UPDATE {s}.schema_migrations SET migration_status = 'failed', completed_timestamp = NOW(6) WHERE migration_uuid = 'c'"},
				want: runs(1, "history_visible 1", "info shop.orders b 1", "revisions applied 1", "revisions failed 1", "revisions running 0",
					"revisions pending 1", "last_duration_seconds", "recent_runs failed 24h 2", "recent_runs failed 7d 2"),
			}},
		},
		{
			tool:   "atlas",
			origin: "cmd/atlas/internal/migrate/ent/migrate/schema.go; atlas.sum by ariga.io/atlas 0.32",
			sql: []string{
				"CREATE TABLE {s}.atlas_schema_revisions (version varchar(255) NOT NULL, description varchar(255) NOT NULL," +
					" type bigint unsigned NOT NULL DEFAULT 2, applied bigint NOT NULL DEFAULT 0, total bigint NOT NULL DEFAULT 0," +
					" executed_at timestamp NOT NULL, execution_time bigint NOT NULL, error longtext NULL, error_stmt longtext NULL," +
					" hash varchar(255) NOT NULL, partial_hashes json NULL, operator_version varchar(255) NOT NULL, PRIMARY KEY (version))" +
					" CHARSET utf8mb4 COLLATE utf8mb4_bin",
				"INSERT INTO {s}.atlas_schema_revisions VALUES" +
					" ('.atlas_cloud_identifier', 'x', 2, 0, 0, NOW(), 0, '', '', '', NULL, 'x')," +
					" ('20240101000000', 'orders', 2, 1, 1, NOW(), 1000000, '', '', 'YZm6haYK9NBNNAThRqDjJHp1Z1OKUhTGnq1pFj67eqs=', NULL, 'x')," +
					" ('20240102000000', 'lines', 2, 1, 1, NOW(), 1000000, NULL, NULL, 'LkrbuovwpjHQuqe6XKMdulToCS9FkunK3m5d14LETYU=', NULL, 'x')",
			},
			files: map[string]string{
				"atlas.sum": "h1:+UYihOlzI0+E5WEhznEffx5aMEhJS8pJdkyjphJyDr4=\n" +
					"20240101000000_orders.sql h1:YZm6haYK9NBNNAThRqDjJHp1Z1OKUhTGnq1pFj67eqs=\n" +
					"20240102000000_lines.sql h1:LkrbuovwpjHQuqe6XKMdulToCS9FkunK3m5d14LETYU=\n" +
					"20240102000001_checkpoint.sql h1:0QdS80VF+SZDEDXKgcJ7DvyFqOGYQWG3MIBR2dN7iOw=\n" +
					"20240103000000_columns.sql h1:nS6ndQJJe3jKW4vVKjrMRe95fb7jeWF4d9POAAI8PCM=\n",
				"20240102000001_checkpoint.sql": "-- atlas:checkpoint\n\n" + orders + lines,
			},
			want: runs(2, "history_visible 1", "info lines 20240102000000 1", "lock_held 0", "revisions applied 2", "revisions failed 0",
				"revisions running 0", "revisions pending 1", "revisions missing 0", "revisions changed 0", "files 4",
				"pending_out_of_order 0", "oldest_pending_timestamp_seconds", "recent_runs failed 24h 0", "recent_runs failed 7d 0"),
			then: []step{
				{
					what: "the next stopped half-way without a word, and nobody has the lock",
					sql: []string{"INSERT INTO {s}.atlas_schema_revisions VALUES ('20240103000000', 'columns', 2, 1, 2, NOW(), 5, NULL, NULL," +
						" 'nS6ndQJJe3jKW4vVKjrMRe95fb7jeWF4d9POAAI8PCM=', NULL, 'x')"},
					want: runs(2, "history_visible 1", "info lines 20240102000000 1", "lock_held 0", "revisions applied 2",
						"revisions failed 1", "revisions running 0", "revisions pending 0", "revisions missing 0", "revisions changed 0",
						"files 4", "pending_out_of_order 0", "recent_runs failed 24h 0", "recent_runs failed 7d 0"),
				},
				{
					what: "it says why, and a checksum differs",
					sql: []string{
						"UPDATE {s}.atlas_schema_revisions SET error = 'duplicate column', execution_time = 6 WHERE version = '20240103000000'",
						"UPDATE {s}.atlas_schema_revisions SET hash = 'other', execution_time = 7 WHERE version = '20240101000000'",
					},
					want: runs(2, "history_visible 1", "info lines 20240102000000 1", "lock_held 0", "revisions applied 2",
						"revisions failed 1", "revisions running 0", "revisions pending 0", "revisions missing 0", "revisions changed 1",
						"files 4", "pending_out_of_order 0", "recent_runs failed 24h 1", "recent_runs failed 7d 1"),
				},
			},
		},
		{
			tool:   "prisma",
			origin: "schema-engine/connectors/sql-schema-connector/src/flavour/mysql.rs and sql_migration_persistence.rs",
			sql: []string{
				"CREATE TABLE {s}._prisma_migrations (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at DATETIME(3)," +
					" migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at DATETIME(3)," +
					" started_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3), applied_steps_count INTEGER UNSIGNED NOT NULL DEFAULT 0)" +
					" DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
				fmt.Sprintf("INSERT INTO {s}._prisma_migrations VALUES ('1', '%x', UTC_TIMESTAMP(3), '20240101000000_orders', NULL, NULL,"+
					" UTC_TIMESTAMP(3) - INTERVAL 250000 MICROSECOND, 1), ('2', '%x', UTC_TIMESTAMP(3), '20240102000000_lines', '', NULL,"+
					" UTC_TIMESTAMP(3), 0)", sha256.Sum256([]byte(orders)), sha256.Sum256([]byte(orders))),
			},
			files: map[string]string{
				"20240101000000_orders/migration.sql": orders, "20240102000000_lines/migration.sql": lines,
				"20240103000000_columns/migration.sql": orders, "migration_lock.toml": "provider = \"mysql\"\n",
			},
			want: runs(2, "history_visible 1", "info 20240102000000_lines 1", "lock_held 0", "revisions applied 2", "revisions failed 0",
				"revisions rolled_back 0", "revisions running 0", "revisions pending 1", "revisions missing 0", "revisions changed 1",
				"files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds", "recent_runs failed 24h 0", "recent_runs failed 7d 0"),
			then: []step{
				{
					what: "the third fails and says why, a fourth was killed",
					sql: []string{"INSERT INTO {s}._prisma_migrations VALUES ('3', 'x', NULL, '20240103000000_columns', 'A migration failed', NULL," +
						" UTC_TIMESTAMP(3) + INTERVAL 1 SECOND, 0), ('4', 'x', NULL, '20240104000000_more', NULL, NULL," +
						" UTC_TIMESTAMP(3) + INTERVAL 1 SECOND, 0)"},
					want: runs(2, "history_visible 1", "info 20240102000000_lines 1", "lock_held 0", "revisions applied 2", "revisions failed 2",
						"revisions rolled_back 0", "revisions running 0", "revisions pending 0", "revisions missing 0", "revisions changed 1",
						"files 3", "pending_out_of_order 0", "recent_runs failed 24h 1", "recent_runs failed 7d 1"),
				},
				{
					what: "they are resolved, and the third is deployed",
					sql: []string{
						"UPDATE {s}._prisma_migrations SET rolled_back_at = UTC_TIMESTAMP(3) WHERE id IN ('3', '4')",
						fmt.Sprintf("INSERT INTO {s}._prisma_migrations VALUES ('5', '%x', UTC_TIMESTAMP(3), '20240103000000_columns', NULL, NULL,"+
							" UTC_TIMESTAMP(3) + INTERVAL 2 SECOND, 1)", sha256.Sum256([]byte(orders))),
					},
					want: runs(3, "history_visible 1", "info 20240103000000_columns 1", "lock_held 0", "revisions applied 3",
						"revisions failed 0", "revisions rolled_back 1", "revisions running 0", "revisions pending 0", "revisions missing 0",
						"revisions changed 1", "files 3", "pending_out_of_order 0", "recent_runs failed 24h 0", "recent_runs failed 7d 0"),
				},
			},
		},
		{
			tool:   "alembic",
			origin: "Alembic 1.8.1 of Debian 12",
			sql: []string{
				"CREATE TABLE {s}.alembic_version (version_num varchar(32) NOT NULL, PRIMARY KEY (version_num))",
				"INSERT INTO {s}.alembic_version VALUES ('b2')",
			},
			files: map[string]string{
				"a1_orders.py": "revision = 'a1'\ndown_revision = None\n",
				"b2_lines.py":  "revision: str = \"b2\"\ndown_revision: Union[str, None] = \"a1\"\n",
				"c3_side.py":   "revision = 'c3'\ndown_revision = 'a1'\ndepends_on = None\n",
				"d4_merge.py":  "revision = 'd4'\ndown_revision = (\n    'b2',\n    'c3',\n)\n",
				"helper.py":    "x = 1\n",
			},
			want: []string{"history_visible 1", "info b2 1", "revisions pending 2", "revisions missing 0", "files 4",
				"oldest_pending_timestamp_seconds"},
			then: []step{
				{
					what: "the other branch is applied, too",
					sql:  []string{"INSERT INTO {s}.alembic_version VALUES ('c3')"},
					want: []string{"history_visible 1", "info b2 1", "info c3 1", "revisions pending 1", "revisions missing 0", "files 4",
						"oldest_pending_timestamp_seconds"},
				},
				{
					what: "both are merged, to a revision that these files do not know",
					sql:  []string{"DELETE FROM {s}.alembic_version WHERE version_num = 'c3'", "UPDATE {s}.alembic_version SET version_num = 'e5'"},
					want: []string{"history_visible 1", "info e5 1", "revisions pending 4", "revisions missing 1", "files 4",
						"oldest_pending_timestamp_seconds"},
				},
			},
		},
		{
			tool:   "django",
			origin: "Django 3.2.25 of Debian 12",
			sql: []string{
				"CREATE TABLE {s}.django_migrations (id int NOT NULL AUTO_INCREMENT, app varchar(255) NOT NULL, name varchar(255) NOT NULL," +
					" applied datetime(6) NOT NULL, PRIMARY KEY (id))",
				"INSERT INTO {s}.django_migrations (app, name, applied) VALUES ('auth', '0001_initial', UTC_TIMESTAMP(6))," +
					" ('shop', '0001_initial', UTC_TIMESTAMP(6)), ('shop', '0002_lines', UTC_TIMESTAMP(6)), ('shop', '0009_gone', UTC_TIMESTAMP(6))",
			},
			files: map[string]string{
				"shop/migrations/__init__.py": "", "shop/migrations/0001_initial.py": "class Migration:\n    pass\n",
				"shop/migrations/0001_squashed_0002_lines.py": "class Migration:\n    replaces = [('shop', '0001_initial'), (\"shop\", \"0002_lines\")]\n",
				"shop/migrations/0003_broken.py":              "x\n",
			},
			want: runs(4, "history_visible 1", "info shop.0009_gone 1", "revisions applied 4", "revisions pending 1", "revisions missing 1",
				"files 3", "oldest_pending_timestamp_seconds"),
		},
		{
			tool:   "laravel",
			origin: "DatabaseMigrationRepository.php of laravel/framework",
			sql: []string{
				"CREATE TABLE {s}.migrations (id int unsigned NOT NULL AUTO_INCREMENT, migration varchar(255) NOT NULL, batch int NOT NULL," +
					" PRIMARY KEY (id))",
				"INSERT INTO {s}.migrations (migration, batch) VALUES ('2024_01_02_000000_lines', 1), ('2024_01_01_000000_orders', 2)",
			},
			files: map[string]string{"2024_01_01_000000_orders.php": "x", "2024_01_02_000000_lines.php": "x", "2024_01_03_000000_new.php": "x"},
			want: []string{"history_visible 1", "info 2024_01_01_000000_orders 1", "revisions applied 2", "revisions pending 1",
				"revisions missing 0", "files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"},
		},
		{
			tool:   "doctrine",
			origin: "lib/Doctrine/Migrations/Metadata/Storage/TableMetadataStorage.php",
			sql: []string{
				"CREATE TABLE {s}.doctrine_migration_versions (version varchar(191) NOT NULL, executed_at datetime DEFAULT NULL," +
					" execution_time int DEFAULT NULL, PRIMARY KEY (version))",
				`INSERT INTO {s}.doctrine_migration_versions VALUES ('DoctrineMigrations\\Version20240101000000', NOW(), 250),` +
					` ('DoctrineMigrations\\Version20240102000000', NOW(), NULL), ('DoctrineMigrations\\Version20240103000000', NULL, NULL)`,
			},
			files: map[string]string{"Version20240102000000.php": "x", "Version20240104000000.php": "x"},
			want: runs(2, "history_visible 1", `info DoctrineMigrations\\Version20240103000000 1`, "revisions applied 3", "revisions pending 1",
				"revisions missing 1", "files 2", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"),
		},
		{
			tool:   "phinx",
			origin: "AdapterInterface and PdoAdapter.php of cakephp/phinx",
			sql: []string{
				"CREATE TABLE {s}.phinxlog (version bigint NOT NULL, migration_name varchar(100) DEFAULT NULL, start_time timestamp NULL DEFAULT NULL," +
					" end_time timestamp NULL DEFAULT NULL, breakpoint tinyint(1) NOT NULL DEFAULT 0, PRIMARY KEY (version))",
				"INSERT INTO {s}.phinxlog VALUES (20240101000000, 'Orders', NULL, NULL, 0), (20240102000000, 'Lines', NOW() - INTERVAL 3 SECOND, NOW(), 0)",
			},
			files: map[string]string{"20240101000000_orders.php": "x", "20240102000000_lines.php": "x", "20240103000000_new.php": "x"},
			want: runs(1, "history_visible 1", "info Lines 20240102000000 1", "last_duration_seconds", "revisions applied 2",
				"revisions pending 1", "revisions missing 0", "files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"),
		},
		{
			tool:   "efcore",
			origin: "dotnet/efcore HistoryRepository.cs, Pomelo's MySqlHistoryRepository.cs",
			sql: []string{
				"CREATE TABLE {s}.__EFMigrationsHistory (MigrationId varchar(150) NOT NULL, ProductVersion varchar(32) NOT NULL," +
					" CONSTRAINT PK___EFMigrationsHistory PRIMARY KEY (MigrationId)) CHARACTER SET=utf8mb4",
				"INSERT INTO {s}.__EFMigrationsHistory VALUES ('20240101000000_Orders', '9.0.0'), ('20240102000000_Lines', '9.0.0')",
			},
			files: map[string]string{
				"20240101000000_Orders.cs": "x", "20240101000000_Orders.Designer.cs": "x", "20240102000000_Lines.cs": "x",
				"20240103000000_New.cs": "x", "ShopModelSnapshot.cs": "x",
			},
			want: []string{"history_visible 1", "info 20240102000000_Lines 1", "lock_held 0", "revisions running 0", "revisions applied 2",
				"revisions pending 1", "revisions missing 0", "files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"},
		},
		{
			tool:   "sqlx",
			origin: "sqlx-mysql/src/migrate.rs",
			sql: []string{
				"CREATE TABLE {s}._sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL," +
					" installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL," +
					" execution_time BIGINT NOT NULL)",
				fmt.Sprintf("INSERT INTO {s}._sqlx_migrations (version, description, success, checksum, execution_time)"+
					" VALUES (20240101000000, 'orders', 1, X'%x', 250000000)", sha512.Sum384([]byte(orders))),
			},
			files: map[string]string{
				"20240101000000_orders.up.sql": orders, "20240101000000_orders.down.sql": "x", "20240102000000_lines.sql": lines,
			},
			want: runs(1, "history_visible 1", "info orders 20240101000000 1", "lock_held 0", "last_duration_seconds", "revisions applied 1",
				"revisions failed 0", "revisions running 0", "revisions pending 1", "revisions missing 0", "revisions changed 0",
				"files 2", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"),
			then: []step{{
				what: "the second is left without success",
				sql: []string{"INSERT INTO {s}._sqlx_migrations (version, description, success, checksum, execution_time)" +
					" VALUES (20240102000000, 'lines', 0, '', -1)"},
				want: runs(1, "history_visible 1", "info orders 20240101000000 1", "lock_held 0", "last_duration_seconds", "revisions applied 1",
					"revisions failed 1", "revisions running 0", "revisions pending 0", "revisions missing 0", "revisions changed 0",
					"files 2", "pending_out_of_order 0"),
			}},
		},
		{
			tool:   "rambler",
			origin: "driver/mysql/driver.go of elwinar/rambler",
			sql: []string{
				"CREATE TABLE {s}.migrations (migration VARCHAR(255) NOT NULL PRIMARY KEY) DEFAULT CHARSET=utf8",
				"INSERT INTO {s}.migrations VALUES ('01_orders.sql'), ('02_lines.sql')",
			},
			files: map[string]string{"01_orders.sql": orders, "02_lines.sql": lines, "03_new.sql": lines},
			want: []string{"history_visible 1", "info 02_lines.sql 1", "revisions applied 2", "revisions pending 1", "revisions missing 0",
				"files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"},
		},
		{
			tool:   "diesel",
			origin: "diesel_migrations/src/migration_harness.rs and dumps",
			sql: []string{
				"CREATE TABLE {s}.__diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL," +
					" run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
				"INSERT INTO {s}.__diesel_schema_migrations (version) VALUES ('20240101000000'), ('20240102000000')",
			},
			files: map[string]string{
				"2024-01-01-000000_orders/up.sql": orders, "2024-01-01-000000_orders/down.sql": "x",
				"2024-01-02-000000_lines/up.sql": lines, "2024-01-03-000000_new/up.sql": lines,
			},
			want: runs(2, "history_visible 1", "info 20240102000000 1", "revisions applied 2", "revisions pending 1", "revisions missing 0",
				"files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"),
		},
		{
			tool:   "seaorm",
			origin: "sea-orm-migration/src/seaql_migrations.rs and dumps",
			sql: []string{
				"CREATE TABLE {s}.seaql_migrations (version varchar(255) NOT NULL PRIMARY KEY, applied_at bigint NOT NULL)",
				"INSERT INTO {s}.seaql_migrations VALUES ('m20240101_000000_orders', UNIX_TIMESTAMP()), ('m20240102_000000_lines', UNIX_TIMESTAMP())",
			},
			files: map[string]string{"m20240101_000000_orders.rs": "x", "m20240102_000000_lines.rs": "x", "m20240103_000000_new.rs": "x", "lib.rs": "x"},
			want: runs(2, "history_visible 1", "info m20240102_000000_lines 1", "revisions applied 2", "revisions pending 1",
				"revisions missing 0", "files 3", "pending_out_of_order 0", "oldest_pending_timestamp_seconds"),
		},
		{
			tool:   "unknown",
			origin: "Rails before version 5",
			sql: []string{
				"CREATE TABLE {s}.schema_migrations (version varchar(255) NOT NULL, UNIQUE KEY unique_schema_migrations (version))",
				"INSERT INTO {s}.schema_migrations VALUES ('20130101000000')",
			},
			want: []string{"history_visible 1", "info 20130101000000 1", "revisions applied 1"},
		},
	}
}

func TestRecordedHistories(t *testing.T) {
	t.Parallel()
	for _, r := range recordedHistories() {
		t.Run(r.tool, func(t *testing.T) {
			testenv.EachSharedServer(t, func(t *testing.T, server *testenv.Server) {
				t.Log(r.origin)
				schema, folder := server.Schema(t), t.TempDir()
				opts := migration.Options{Discover: true}
				if len(r.files) > 0 {
					opts.Histories = []migration.History{{Schema: schema, Tool: r.tool, Directory: folder}}
				}
				m := watch(t, server, opts, documented(server, schema)...)
				for _, one := range append([]step{{"at first", r.sql, r.files, r.want}}, r.then...) {
					t.Log(one.what)
					for _, statement := range one.sql {
						server.Exec(t, strings.ReplaceAll(statement, "{s}", schema))
					}
					put(t, folder, one.files)
					s := m.scrape()
					m.expect(s, schema, one.want...)
					m.healthy(s)
					fresh(t, s.of(schema))
					for name := range s {
						if strings.Contains(name, schema) && strings.Contains(name, "tool=") && !strings.Contains(name, fmt.Sprintf("tool=%q", r.tool)) {
							t.Errorf("taken for another tool: %s", name)
						}
					}
				}
				if again, n := m.once(t); n > 3 {
					t.Errorf("%d statements for a history that has not changed", n)
				} else {
					m.healthy(again)
				}
			}, elsewhere)
		})
	}
}

// put writes files; an empty one is removed.
func put(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		err := os.MkdirAll(filepath.Dir(path), 0o750)
		if err == nil && content != "" {
			err = os.WriteFile(path, []byte(content), 0o600)
		} else if err == nil {
			err = os.RemoveAll(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// fresh checks that what was written a moment ago is read as that, whatever zone it was written in.
func fresh(t *testing.T, s map[string]float64) {
	t.Helper()
	at, ok := s["last_applied_timestamp_seconds"]
	if ago := time.Since(time.UnixMilli(int64(at * 1000))); ok && (ago < -5*time.Second || ago > 5*time.Minute) {
		t.Errorf("applied %v ago", ago)
	}
}
