// SPDX-License-Identifier: Apache-2.0

//go:build unix

package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/easy-erp/dbsync/collector/backup"
	"github.com/easy-erp/dbsync/internal/proc"
	"github.com/easy-erp/dbsync/internal/sandbox"
)

// physical restores what mariadb-backup and xtrabackup write: a copy of the server's own files, and what changed since
// in each incremental backup. The backup is copied and the copy prepared, by the tool that made it.
type physical struct {
	chain   []*backup.Copy
	maria   bool
	program sandbox.Program // the tool
	unpack  sandbox.Program // what unpacks its streams, where there is one
	made    string          // by which version of the server
}

func openPhysical(ctx context.Context, o *Options) (method, error) {
	p := &physical{chain: o.Chain, maria: o.Method == "mariadb-backup"}
	for _, c := range o.Chain {
		for _, f := range c.Files {
			if err := unpackable(f.Name); err != nil && c.Folder {
				return nil, fmt.Errorf("%s: %w", c.Run.ID, err)
			}
		}
	}
	full := o.Chain[0]
	for _, f := range full.Files {
		if name := path.Base(f.Name); !strings.HasPrefix(name, "xtrabackup_info") && !strings.HasPrefix(name, "mariadb_backup_info") {
			continue
		}
		text, err := content(ctx, f)
		if err != nil {
			return nil, err
		}
		p.learn(text)
	}
	return p, p.findTools(o)
}

// learn reads xtrabackup_info.
func (p *physical) learn(info []byte) {
	p.made = backup.ReadPairs(info)["server_version"]
	if p.made != "" && p.maria && !strings.Contains(p.made, "MariaDB") {
		p.made += "-MariaDB" // some builds have a version without it
	}
}

// unpackable says what cannot be restored of a file with that name.
func unpackable(name string) error {
	if ext := path.Ext(name); ext == ".qp" || ext == ".xbcrypt" {
		return fmt.Errorf("%s: what is packed with qpress or encrypted is not restored here: unpack it, and let a backup with that path be tested", name)
	}
	return nil
}

// content is a small file, decompressed.
func content(ctx context.Context, f backup.CopyFile) ([]byte, error) {
	const most = 1 << 20
	in, _, err := f.OpenContent(ctx, func(int64) {})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(io.LimitReader(in, most))
}

func (p *physical) findTools(o *Options) error {
	names, unpack := []string{"xtrabackup"}, "xbstream"
	if p.maria {
		names, unpack = []string{"mariadb-backup", "mariabackup"}, "mbstream"
	}
	var err error
	if o.Tool != "" {
		p.program = sandbox.At(o.Tool)
		if _, err := os.Stat(o.Tool); err != nil {
			return fmt.Errorf("--backup-tool: %w", err)
		}
	} else if p.program, err = sandbox.Find(sandbox.Tools, names...); err != nil {
		return fmt.Errorf("preparing a backup takes %s, of the version that made it: install it, or name it by --backup-tool", names[0])
	}
	if !slices.ContainsFunc(o.Chain, func(c *backup.Copy) bool { return !c.Folder }) {
		return nil
	}
	if beside := filepath.Join(filepath.Dir(o.Tool), unpack); o.Tool != "" && exists(beside) {
		p.unpack = sandbox.At(beside)
	} else if p.unpack, err = sandbox.Find(sandbox.Tools, unpack); err != nil {
		return fmt.Errorf("unpacking a stream takes %s, which comes with %s: install it", unpack, names[0])
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (p *physical) all() bool { return true }

func (p *physical) rows() map[table]int64 { return nil }

func (p *physical) restore(ctx context.Context, w *work) error {
	if p.made != "" { // else it will say so when it is unpacked
		if err := w.choose(ctx, p.made); err != nil {
			return err
		}
	}
	data := filepath.Join(w.dir, "data")
	if err := p.copyAll(ctx, w, p.chain[0], data); err != nil {
		return err
	}
	if p.made == "" {
		if err := p.learnFrom(data); err != nil {
			return err
		}
		if err := w.choose(ctx, p.made); err != nil {
			return err
		}
	}
	flags, err := serverSettings(data)
	if err != nil {
		return err
	}
	w.step("prepare")
	if err := p.prepare(ctx, data, "", len(p.chain) > 1); err != nil {
		return err
	}
	for i, c := range p.chain[1:] {
		w.step("restore " + filepath.Base(c.Run.ID))
		delta := filepath.Join(w.dir, "incremental")
		if err := p.copyAll(ctx, w, c, delta); err != nil {
			return err
		}
		if err := p.prepare(ctx, data, delta, i+2 < len(p.chain)); err != nil {
			return err
		}
		if err := os.RemoveAll(delta); err != nil {
			return err
		}
	}
	w.step("start")
	if _, err := w.start(ctx, data, flags...); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return problem(NotRestored, "", "the server does not start on what was restored: %v", err)
	}
	return nil
}

// prepare makes the files those of a server that was shut down. more: other backups come on top.
func (p *physical) prepare(ctx context.Context, data, delta string, more bool) error {
	args := []string{"--no-defaults", "--prepare", "--target-dir=" + data}
	if delta != "" {
		args = append(args, "--incremental-dir="+delta)
	}
	if more && !p.maria { // mariadb-backup needs no telling
		args = append(args, "--apply-log-only")
	}
	return toItsEnd(ctx, p.program, data, nil, args...)
}

// toItsEnd runs a tool of the backup's.
func toItsEnd(ctx context.Context, program sandbox.Program, dir string, input io.Reader, args ...string) error {
	exe, argv := program.Command(args...)
	child, err := proc.Start(proc.Spec{Path: exe, Args: argv, Env: environment(), Dir: dir, Stdin: input})
	if err != nil {
		return err
	}
	select {
	case <-child.Done():
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), child.Stop())
	}
	if err := child.Err(); err != nil {
		return problem(NotRestored, "", "%s %s: %v; its last output:\n%s", filepath.Base(program.Path), strings.Join(args, " "), err, lastLines(child.Output()))
	}
	return nil
}

// lastLines are as many as say what went wrong.
func lastLines(text string) string {
	const most = 12
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-most):], "\n")
}

// copyAll copies a backup, decompressed, because preparing changes it.
func (p *physical) copyAll(ctx context.Context, w *work, c *backup.Copy, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	if !c.Folder {
		return p.unpackTo(ctx, w, c, to)
	}
	for _, f := range c.Files {
		if err := w.copyOne(ctx, f, to); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return nil
}

// unpackTo unpacks a stream.
func (p *physical) unpackTo(ctx context.Context, w *work, c *backup.Copy, to string) error {
	in, _, err := c.Files[0].OpenContent(ctx, w.read)
	if err != nil {
		return err
	}
	defer in.Close()
	if err := toItsEnd(ctx, p.unpack, to, in, "-x", "-C", to); err != nil {
		return err
	}
	return filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			err = unpackable(d.Name())
		}
		if ext := filepath.Ext(path); err == nil && (ext == ".zst" || ext == ".lz4") {
			err = fmt.Errorf("%s: a stream of compressed files is not restored here: unpack it, and let a backup with that path be tested", d.Name())
		}
		return err
	})
}

// learnFrom reads xtrabackup_info of an unpacked stream.
func (p *physical) learnFrom(data string) error {
	for _, name := range []string{"xtrabackup_info", "mariadb_backup_info"} {
		text, err := os.ReadFile(filepath.Join(data, name))
		switch {
		case err == nil:
			p.learn(text)
			return nil
		case !errors.Is(err, os.ErrNotExist):
			return err
		}
	}
	return nil
}

func (w *work) copyOne(ctx context.Context, f backup.CopyFile, to string) error {
	open := f.OpenContent
	if ext := path.Ext(f.Name); ext != ".zst" && ext != ".lz4" { // a file of a table may begin like anything
		open = func(ctx context.Context, read func(int64)) (io.ReadCloser, string, error) {
			in, err := f.Open(ctx, read)
			return in, f.Name, err
		}
	}
	in, name, err := open(ctx, w.read)
	if err != nil {
		return err
	}
	defer in.Close()
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return errors.New("its name leads out of the backup")
	}
	target := filepath.Join(to, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
		return err
	}
	out, err := os.OpenFile(target, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// plainSetting is all that a setting of the copied server may be: a number, or a list of files without a path.
var plainSetting = regexp.MustCompile(`^[\w.:;]+$`)

// serverSettings are the flags that a server needs for the files: those that the tool noted in backup-my.cnf. It is
// the backup's text: nothing is taken of it but what says how InnoDB's files are laid out.
func serverSettings(data string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(data, "backup-my.cnf"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var flags []string
	for name, value := range backup.ReadPairs(text) {
		name = strings.ReplaceAll(name, "-", "_")
		known := slices.Contains([]string{"innodb_page_size", "innodb_data_file_path", "innodb_undo_tablespaces"}, name)
		if !known || !plainSetting.MatchString(value) {
			continue
		}
		if n, err := strconv.Atoi(value); err == nil && name == "innodb_undo_tablespaces" && n == 0 {
			continue
		}
		flags = append(flags, "--loose-"+strings.ReplaceAll(name, "_", "-")+"="+value)
	}
	slices.Sort(flags)
	return flags, nil
}
