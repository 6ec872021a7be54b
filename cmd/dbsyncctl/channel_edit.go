// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	amconfig "github.com/prometheus/alertmanager/config"

	"github.com/easy-erp/dbsync/internal/apply"
	"github.com/easy-erp/dbsync/internal/pack"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/suggest"
)

const channelEditHelp = `

The values of "dbsyncctl render" are changed (comments stay), Alertmanager's files are rendered from them and checked, Alertmanager
reloads and is asked for its receivers; when anything of that fails, all files are as they were. Each member of a cluster that has
its files from elsewhere needs them from there.

Exit status: 0 done and loaded (or written, with --no-reload), 1 refused, nothing has changed, 2 the command line is wrong.`

// channelFiles are the files that a command changes, and who reads them.
type channelFiles struct {
	values, dir, version string
	noReload, force      bool
	servers              *managers
}

func addChannelFiles(command *kingpin.CmdClause) *channelFiles {
	f := &channelFiles{servers: addAlertmanagers(command)}
	command.Flag("values", "The values of `dbsyncctl render`.").PlaceHolder("FILE").Envar("DBSYNC_VALUES").Required().ExistingFileVar(&f.values)
	command.Flag("dir", "The folder that `dbsyncctl render` writes to, such as /etc: alertmanager/alertmanager.yml is below it.").
		PlaceHolder("DIR").Envar("DBSYNC_RENDER_DIR").Required().ExistingDirVar(&f.dir)
	command.Flag("alertmanager.version", "The Alertmanager that will read the files, such as 0.33; wins over the values.").
		PlaceHolder("X.Y").StringVar(&f.version)
	command.Flag("no-reload", "Write and check, and leave Alertmanager alone.").BoolVar(&f.noReload)
	command.Flag("force", "Even if alertmanager.yml is not what the values gave until now.").BoolVar(&f.force)
	return f
}

// render returns Alertmanager's files for the text of values.
func (f *channelFiles) render(text []byte) ([]apply.File, []string, error) {
	v, err := render.Parse(text)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.values, err)
	}
	if f.version != "" {
		v.Alertmanager.Version = f.version
	}
	all, notes, err := render.Files(pack.Source(), v)
	if err != nil {
		return nil, nil, err
	}
	var files []apply.File
	for _, file := range all {
		if strings.HasPrefix(file.Path, "alertmanager/") {
			files = append(files, apply.File{Path: filepath.Join(f.dir, filepath.FromSlash(file.Path)), Text: file.Text, Mode: file.Mode})
		}
	}
	return files, notes, nil
}

// configName ends the path of Alertmanager's own file.
const configName = "alertmanager.yml"

func configOf(files []apply.File) apply.File {
	return files[slices.IndexFunc(files, func(f apply.File) bool { return filepath.Base(f.Path) == configName })]
}

// untouched refuses to overwrite what the values did not give: it would be lost.
func (f *channelFiles) untouched(old []byte) error {
	if f.force {
		return nil
	}
	files, _, err := f.render(old)
	if err != nil {
		return err
	}
	config := configOf(files)
	there, err := os.ReadFile(config.Path)
	if errors.Is(err, os.ErrNotExist) || err == nil && bytes.Equal(there, config.Text) {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s is not what %s gives: it was changed by hand, or rendered with other flags, or by another version. "+
		"See what `%s render --values` makes of it in another folder; --force writes it anew", config.Path, f.values, program)
}

// change edits the values and makes Alertmanager take what they give.
func (f *channelFiles) change(ctx context.Context, std stdio, said string, edit func(old []byte) (text []byte, further []apply.File, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if !f.noReload { // before anything changes
		if err := f.eachServer(func(one *managers, _ *url.URL) error { _, err := receiverNames(ctx, one); return err }); err != nil {
			return fmt.Errorf("%w (nothing has changed; --no-reload writes without Alertmanager)", err)
		}
	}
	unlock, err := apply.Lock(ctx, f.values)
	if err != nil {
		return err
	}
	defer unlock()
	old, err := os.ReadFile(f.values)
	if err != nil {
		return err
	}
	if err := f.untouched(old); err != nil {
		return err
	}
	text, further, err := edit(old)
	if err != nil {
		return fmt.Errorf("%s: %w", f.values, err)
	}
	// An old Alertmanager reads no secrets from files: they are inlined, hence there first.
	if err := (apply.Change{Files: further}).Apply(ctx); err != nil {
		return err
	}
	files, notes, err := f.render(text)
	if err == nil {
		err = f.write(ctx, text, files)
	}
	if err != nil {
		return errors.Join(err, removeAll(further))
	}
	for _, note := range notes {
		fmt.Fprintln(std.err, "note:", note)
	}
	_, err = fmt.Fprintf(std.out, "%s, in %s and %s\n", said, f.values, configOf(files).Path)
	return err
}

func (f *channelFiles) write(ctx context.Context, text []byte, files []apply.File) error {
	change := apply.Change{Files: append([]apply.File{{Path: f.values, Text: text, Mode: 0o644}}, files...)}
	if f.noReload {
		return change.Apply(ctx)
	}
	loaded, err := amconfig.Load(string(configOf(files).Text))
	if err != nil {
		return err
	}
	var names []string
	for _, r := range loaded.Receivers {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	change.Reload = func(ctx context.Context) error {
		client, err := f.servers.http.client()
		if err != nil {
			return err
		}
		return f.eachServer(func(_ *managers, u *url.URL) error { return apply.ReloadURL(client, u)(ctx) })
	}
	change.Confirm = func(ctx context.Context) error {
		return f.eachServer(func(one *managers, u *url.URL) error {
			has, err := receiverNames(ctx, one)
			if err == nil && !slices.Equal(has, names) {
				err = fmt.Errorf("%s has reloaded, but has the receivers %s, not %s: it reads another file than %s",
					u.Redacted(), strings.Join(has, ", "), strings.Join(names, ", "), configOf(files).Path)
			}
			return err
		})
	}
	return change.Apply(ctx)
}

// eachServer does something for each Alertmanager that was named.
func (f *channelFiles) eachServer(do func(*managers, *url.URL) error) error {
	for _, text := range f.servers.urls {
		u, err := url.Parse(text)
		if err != nil {
			return err
		}
		if err := do(&managers{urls: []string{text}, http: f.servers.http}, u); err != nil {
			return err
		}
	}
	return nil
}

func receiverNames(ctx context.Context, one *managers) ([]string, error) {
	cluster, err := one.cluster()
	if err != nil {
		return nil, err
	}
	names, err := cluster.Receivers(ctx)
	slices.Sort(names)
	return names, err
}

func removeAll(files []apply.File) error {
	var all []error
	for _, f := range files {
		all = append(all, os.Remove(f.Path))
	}
	return errors.Join(all...)
}

func (c *cli) addChannelSwitch(group *kingpin.CmdClause, verb, help string, on bool) {
	command := group.Command(verb, help).HelpLong("    dbsyncctl channel " + verb + " sms_oncall --values /etc/dbsync/values.yml --dir /etc\n\n" +
		"A receiver that is disabled keeps its values, with \"disabled: true\" beside them; whoever comes next in the routing table is told\n" +
		"in its place." + channelEditHelp)
	files := addChannelFiles(command)
	name := command.Arg("receiver", "The receiver, such as sms_oncall.").Required().String()
	c.does(command, func(ctx context.Context, std stdio) error {
		return files.change(ctx, std, *name+" "+strings.TrimSuffix(verb, "e")+"ed", func(old []byte) ([]byte, []apply.File, error) {
			text, err := render.SwitchReceiver(old, *name, on)
			return text, nil, err
		})
	})
}

func (c *cli) addChannelAdd(group *kingpin.CmdClause) {
	var kinds []string
	var lines strings.Builder
	for _, kind := range render.Kinds() {
		kinds = append(kinds, kind.Name)
		fmt.Fprintf(&lines, "\n    %s", kind)
	}
	command := group.Command("add", "Add a receiver, or a further channel to one.").HelpLong(`    dbsyncctl channel add email_dba email to=dba@example.com,ops@example.com --values /etc/dbsync/values.yml --dir /etc
    dbsyncctl channel add slack_dba slack channel='#dba' url_file=/etc/alertmanager/secrets/slack_dba_url --values … --dir …
    dbsyncctl channel add telegram_dba telegram chat_id=-1001234 --secret bot_token --values … --dir … < token

Secrets are never given on the command line, where everybody on the machine can read them: name a file, or the key with --secret
and give the secret on the input; it is then kept in alertmanager/secrets below the folder, mode 0600.

The channels and their keys:
` + lines.String() + `

A receiver that the routing table names is told from now on; another one by rows or escalation in the values, by --notify of a rule
of your own, by hand (alert escalate), and by "channel test".` + channelEditHelp)
	files := addChannelFiles(command)
	secret := command.Flag("secret", "The key whose value stands on the input.").PlaceHolder("KEY").String()
	name := command.Arg("receiver", "Its name: one of the routing table's, such as slack_dev, or a new one.").Required().String()
	kindName := command.Arg("channel", "What it is told by: "+strings.Join(kinds, ", ")+".").Required().HintOptions(kinds...).Enum(kinds...)
	pairs := command.Arg("key=value", "Its values; several of one key with commas between.").Strings()
	c.does(command, func(ctx context.Context, std stdio) error {
		kind := render.Kinds()[slices.Index(kinds, *kindName)]
		settings, err := settingsOf(kind, *pairs)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		var further []apply.File
		if *secret != "" {
			file, setting, err := files.keep(std.in, kind, *name, *secret)
			if err != nil {
				return err
			}
			further, settings = append(further, file), append(settings, setting)
		}
		return files.change(ctx, std, *name+" added: try it with `"+program+" channel test "+*name+"`", func(old []byte) ([]byte, []apply.File, error) {
			text, err := render.AddReceiver(old, *name, kind, settings)
			return text, further, err
		})
	})
}

// settingsOf reads key=value.
func settingsOf(kind render.Kind, pairs []string) ([]render.Setting, error) {
	var all []render.Setting
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || value == "" { // the pair is not repeated: it may be a secret
			return nil, fmt.Errorf("%s: want key=value", name)
		}
		key, known := kind.Key(name)
		switch {
		case !known:
			var names []string
			for _, k := range kind.Keys {
				names = append(names, k.Name)
			}
			return nil, fmt.Errorf("%s has no key %s: %s", kind.Name, name, suggest.Name(name, names))
		case key.Secret && key.File:
			return nil, fmt.Errorf("%s is a secret, which others could read on the command line: give %s_file=FILE, or --secret %s and the secret on the input", name, name, name)
		case key.Secret:
			return nil, fmt.Errorf("%s is a secret, which others could read on the command line: write it into the values by hand, or let Alertmanager's environment have it", name)
		}
		all = append(all, render.Setting{Key: key, Value: value})
	}
	return all, nil
}

// keep reads a secret from the input, for a file that Alertmanager reads.
func (f *channelFiles) keep(in io.Reader, kind render.Kind, receiver, name string) (apply.File, render.Setting, error) {
	key, known := kind.Key(name)
	fileKey, hasFile := kind.Key(name + "_file")
	if !known || !hasFile {
		return apply.File{}, render.Setting{}, &exitError{exitUsage, fmt.Errorf("--secret %s: %s cannot read this from a file", name, kind.Name)}
	}
	const limit = 64 << 10
	text, err := io.ReadAll(io.LimitReader(in, limit))
	if err != nil {
		return apply.File{}, render.Setting{}, err
	}
	if text = bytes.TrimSpace(text); len(text) == 0 || len(text) == limit {
		return apply.File{}, render.Setting{}, fmt.Errorf("--secret %s: the input holds no secret", name)
	}
	dir, err := filepath.Abs(f.dir)
	if err != nil {
		return apply.File{}, render.Setting{}, err
	}
	path := filepath.Join(dir, "alertmanager", "secrets", receiver+"_"+key.Name)
	if _, err := os.Lstat(path); err == nil {
		return apply.File{}, render.Setting{}, fmt.Errorf("%s is there already: give %s=%s to use it, or remove it", path, fileKey.Name, path)
	}
	return apply.File{Path: path, Text: text, Mode: 0o600}, render.Setting{Key: fileKey, Value: path}, nil
}
