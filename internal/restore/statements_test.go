// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func split(text, delimiter string) (all []string, err error) {
	s := newStatements(strings.NewReader(text), delimiter)
	for {
		one, err := s.next()
		if err != nil {
			return all, err
		}
		all = append(all, string(one))
	}
}

func TestStatements(t *testing.T) {
	for text, want := range map[string][]string{
		"": nil,
		"-- only; a comment\n# another;\n/* and; */": nil,
		"SELECT 1;SELECT 2;\n":                       {"SELECT 1", "SELECT 2"},
		"SELECT ';', \";\", `;`;":                    {"SELECT ';', \";\", `;`"},
		`SELECT 'it\'s;', 'it''s;', "\\";`:           {`SELECT 'it\'s;', 'it''s;', "\\"`},
		"SELECT 1 -- don't;\n, 2;":                   {"SELECT 1 -- don't;\n, 2"},
		"SELECT 1 --1;":                              {"SELECT 1 --1"},
		"SELECT 1 # don't;\n, 2;":                    {"SELECT 1 # don't;\n, 2"},
		"SELECT /*/ don't; */ 1;":                    {"SELECT /*/ don't; */ 1"},
		"/*!40101 SET x = ';' */;\n":                 {"/*!40101 SET x = ';' */"},
		"/*M!100616 SET x = 1 */;":                   {"/*M!100616 SET x = 1 */"},
		"/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump\nSELECT 1;":     {"SELECT 1"},
		"DELIMITER ;;\nCREATE TRIGGER a BEGIN b; c; END ;;\ndelimiter ;\nSELECT 2;": {"CREATE TRIGGER a BEGIN b; c; END ", "SELECT 2"},
		"/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`l`*/ x;":                           {"/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`l`*/ x"},
		"INSERT INTO delimiter VALUES (1);":                                         {"INSERT INTO delimiter VALUES (1)"},
	} {
		if got, err := split(text, ";"); !slices.Equal(got, want) || !errors.Is(err, io.EOF) {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	got, err := split("CREATE TRIGGER a BEGIN b; c; END;\nINSERT 'x;\n';\nSELECT 1;", mydumperDelimiter)
	if want := []string{"CREATE TRIGGER a BEGIN b; c; END", "INSERT 'x;\n'", "SELECT 1"}; !slices.Equal(got, want) || !errors.Is(err, io.EOF) {
		t.Errorf("mydumper: got %q, %v", got, err)
	}
	for _, text := range []string{"SELECT 1", "SELECT 'a;", "SELECT 1 /* a", "SELECT 1; INSERT `", `SELECT 'a\`, "DELIMITER ;;\nSELECT 1;"} {
		if _, err := split(text, ";"); !errors.Is(err, errCut) {
			t.Errorf("%q: got %v, want that it ends within a statement", text, err)
		}
	}
}

func TestLinesOfStatements(t *testing.T) {
	s := newStatements(strings.NewReader("-- a\n\nSELECT\n1;\nDELIMITER ;;\nSELECT 2;;"), ";")
	for _, want := range []int64{3, 6} {
		if _, err := s.next(); err != nil || s.began != want {
			t.Errorf("line %d, %v, want %d", s.began, err, want)
		}
	}
}

// FuzzStatements: whatever a file holds, it is split to its end, and no statement is longer than the file.
func FuzzStatements(f *testing.F) {
	for _, seed := range []string{"SELECT 1;", "/*!40101 SET x */;", "DELIMITER ;;\nx;;", "'\\", "--", "/*M!999999\\- */"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, delimiter := range []string{";", mydumperDelimiter} {
			all, err := split(text, delimiter)
			if err == nil || len(strings.Join(all, "")) > len(text) {
				t.Errorf("got %q, %v", all, err)
			}
		}
	})
}

func TestStatementsOnAccounts(t *testing.T) {
	for text, want := range map[string]bool{
		"CREATE USER `a`@`b`": true, "CREATE /*M!100103 OR REPLACE */ USER x": false, "create or replace role r": true, "GRANT ALL ON *.* TO x": true,
		"/*!80001 ALTER USER x": true, "SET DEFAULT ROLE r": true, "CREATE TABLE user (i INT)": false, "INSERT INTO grants VALUES ('GRANT')": false,
		"SET NAMES utf8mb4": false,
	} {
		if got := ofAccounts([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestReplicationIsLeftOut(t *testing.T) {
	for text, want := range map[string]bool{
		"CHANGE MASTER TO MASTER_HOST='x'": true, "change replication source to x": true, "START SLAVE": true, "START REPLICA": true,
		"STOP ALL SLAVES": true, "/*!80000 START REPLICA */": true, "START TRANSACTION": false, "INSERT INTO t VALUES ('START SLAVE')": false,
	} {
		if got := replicates([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
