// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"github.com/easy-erp/dbsync/collector/migration"
	"github.com/easy-erp/dbsync/collector/migration/release"
)

const revisionsHelp = `For a job of the pipeline that makes or deploys a release, where the migration files are and the exporter is not:

    dbsyncctl migration revisions --name erp --tool flyway --from-dir db/migration --push http://db1.example.com:19104
    dbsyncctl migration revisions --name erp --tool liquibase --from-dir db/changelog/root.yaml --push http://db1.example.com:19104
    git ls-files db/migrate | dbsyncctl migration revisions --name erp --stdin --push http://db1.example.com:19104

A history of the exporter's configuration that has "revisions: erp" is compared with the newest list of that name: what the
list has and the history has not is pending. From a folder the checksums go with it, and what the tools keep inside their
files, such as change sets; on standard input come the names of files, one a line. Pushing a list again is no harm, and
renews dbsync_migration_revisions_pushed_timestamp_seconds. The exporter has to take reports (--web.enable-run-api).`

// listTimeout bounds one attempt to push a list.
const listTimeout = 30 * time.Second

// revisions is `dbsyncctl migration revisions`.
type revisions struct {
	name, tool, from string
	stdin            bool
	stateDir         string
	push             *url.URL
	tokenFile        string
}

func (c *cli) addMigration() {
	group := c.app.Command("migration", "Tell what a release needs of the database.")
	c.addMigrationRevisions(group)
}

func (c *cli) addMigrationRevisions(group *kingpin.CmdClause) {
	r := &revisions{}
	command := group.Command("revisions", "Push the list of migration files that a release has.").HelpLong(revisionsHelp)
	command.Flag("name", "The list's name, the same for each release.").Required().StringVar(&r.name)
	command.Flag("tool", "The migration tool, for --from-dir.").HintOptions(migration.FileTools()...).StringVar(&r.tool)
	command.Flag("from-dir", "The folder of the migration files; for Liquibase also the change log that includes the others.").
		PlaceHolder("PATH").StringVar(&r.from)
	command.Flag("stdin", "Read the files' names on standard input instead.").BoolVar(&r.stdin)
	command.Flag("state-dir", "Keep the list in this folder on this machine.").
		Default(defaultStateDir).Envar("DBSYNC_STATE_DIR").StringVar(&r.stateDir)
	command.Flag("push", "Send it to this exporter instead; its token is taken from the environment variable DBSYNC_RUN_TOKEN or --push.token-file.").
		PlaceHolder("URL").URLVar(&r.push)
	command.Flag("push.token-file", "The file with the exporter's token.").PlaceHolder("FILE").StringVar(&r.tokenFile)
	c.does(command, r.do)
}

func (r *revisions) do(ctx context.Context, std stdio) error {
	if err := r.check(); err != nil {
		return &exitError{exitUsage, err}
	}
	list, err := r.read(std.in)
	if err != nil {
		return err
	}
	if r.push != nil {
		return r.send(ctx, std, list)
	}
	if _, err := release.New(r.stateDir).Put(r.name, list, time.Now()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: %d migration files in %s\n", r.name, len(list.Files), r.stateDir)
	return err
}

func (r *revisions) check() error {
	switch {
	case r.stdin == (r.from != ""):
		return errors.New("give --from-dir or --stdin")
	case r.from != "" && r.tool == "":
		return errors.New("--from-dir needs --tool: it tells which files are migrations")
	}
	return release.CheckName(r.name)
}

// read returns the list. Names are checked where the tool is known.
func (r *revisions) read(in io.Reader) (release.List, error) {
	if r.from != "" {
		return migration.ReadRelease(r.tool, r.from)
	}
	text, err := io.ReadAll(io.LimitReader(in, release.MaxBytes+1))
	if err != nil {
		return release.List{}, err
	}
	if len(text) > release.MaxBytes {
		return release.List{}, fmt.Errorf("standard input has more than %d bytes", release.MaxBytes)
	}
	list, err := release.Decode(text)
	if err == nil && r.tool != "" {
		err = migration.CheckRelease(r.tool, list)
	}
	return list, err
}

// send pushes the list, and again while the exporter does not answer: pushing it
// twice is no harm.
func (r *revisions) send(ctx context.Context, std stdio, list release.List) error {
	token, err := r.token()
	if err != nil {
		return err
	}
	text, err := json.Marshal(list)
	if err != nil {
		return err
	}
	const attempts = 3
	for pause := time.Second; ; pause *= 2 {
		answer, again, err := r.put(ctx, token, text)
		switch {
		case err == nil && len(answer.Histories) == 0:
			fmt.Fprintf(std.err, "%s: no history of the exporter's configuration has \"revisions: %s\"\n", program, r.name)
			fallthrough
		case err == nil:
			_, err = fmt.Fprintf(std.out, "%s: %d migration files for %s\n", r.name, len(list.Files), strings.Join(answer.Histories, ", "))
			return err
		case !again || pause >= time.Second<<(attempts-1):
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// listAnswer is what the exporter says.
type listAnswer struct {
	Histories []string
	Error     string
}

// put sends one request. again tells whether another one could help.
func (r *revisions) put(ctx context.Context, token string, text []byte) (answer listAnswer, again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	to := r.push.JoinPath("api/v1/revisions")
	to.RawQuery, to.User = url.Values{"name": {r.name}}.Encode(), nil
	request, err := http.NewRequestWithContext(ctx, http.MethodPut, to.String(), bytes.NewReader(text))
	if err != nil {
		return answer, false, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Dbsync-Token", token)
	if account := r.push.User; account != nil {
		password, _ := account.Password()
		request.SetBasicAuth(account.Username(), password)
	}
	// A redirect would take the token to somebody else.
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return answer, true, err
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20)) // it only explains the status
	_ = json.Unmarshal(body, &answer)
	if response.StatusCode/100 == 2 {
		return answer, false, nil
	}
	if answer.Error == "" {
		line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
		answer.Error = fmt.Sprintf("%.200s", line)
	}
	return answer, response.StatusCode >= 500, fmt.Errorf("%s answers %s: %s", to, response.Status, answer.Error)
}

func (r *revisions) token() (string, error) {
	if r.tokenFile == "" {
		return os.Getenv("DBSYNC_RUN_TOKEN"), nil
	}
	text, err := os.ReadFile(r.tokenFile)
	if err != nil {
		return "", fmt.Errorf("--push.token-file: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
