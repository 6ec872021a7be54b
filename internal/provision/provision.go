// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Package provision unpacks packages of Debian or Ubuntu into a private folder, from which package sandbox runs them.
//
// Nothing is installed: no root privilege is needed, no maintainer script runs, no system service starts, now or at the
// next boot, and removing the folder removes all. apt resolves the dependencies down to the C library and verifies the
// archive's signature as always.
package provision

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/easy-erp/dbsync/internal/sandbox"
)

// marker is the file by which a folder is known to be ours to replace. It holds the layout and lists the packages.
const marker = ".dbsync-packages"

// layout changes when roots are made in another way than before.
const layout = "# layout 2"

// keyring holds the keys of Debian's archive. Debian has it installed, Ubuntu in the package of the same name.
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// Root is a folder with programs of unpacked packages.
type Root struct {
	Edition  sandbox.Edition
	Dir      string
	Sources  string   // lines of a sources.list; empty: the machine's own sources
	Programs []string // what it is for
	Packages []string // what gives it; their dependencies follow
}

// Distribution is the root with what `dbsyncctl up` runs, in the versions of the machine's own distribution.
func Distribution() Root {
	return Root{
		Edition:  sandbox.Old,
		Dir:      sandbox.RootDir(sandbox.Old),
		Programs: []string{"mariadbd", "mariadb-dump", "prometheus", "prometheus-alertmanager", "promtool", "amtool"},
		Packages: []string{"mariadb-server-core", "mariadb-client", "prometheus", "prometheus-alertmanager"},
	}
}

// Unstable is the root with the newest versions, for tests.
func Unstable() Root {
	return Root{
		Edition: sandbox.New,
		Dir:     sandbox.RootDir(sandbox.New),
		Sources: "deb [signed-by=" + keyring + "] http://deb.debian.org/debian sid main\n",
		Programs: []string{
			"mysqld", "mysqldump", "prometheus", "prometheus-alertmanager", "promtool", "amtool", "prometheus-mysqld-exporter",
			"prometheus-node-exporter", "pt-online-schema-change", "victoria-metrics", "vmalert",
		},
		Packages: []string{
			"mysql-server-core", "mysql-client-core", "prometheus", "prometheus-alertmanager", "prometheus-mysqld-exporter",
			"prometheus-node-exporter", "percona-toolkit", "libjson-perl", "victoria-metrics",
		},
	}
}

// Tools is the root with what tests run beside the servers, in the versions of the machine's own distribution: what
// makes backups, serves HTTP, runs migrations and schema changes, or is compared with; and MariaDB's plugins, which come
// with mariadbd-safe.
func Tools() Root {
	return Root{
		Edition: sandbox.Tools,
		Dir:     sandbox.RootDir(sandbox.Tools),
		Programs: []string{
			"mariadb-backup", "mydumper", "myloader", "nginx", "mtail", "mariadbd-safe", "django-admin", "alembic", "ruby",
			"pt-online-schema-change", "pt-table-checksum",
		},
		Packages: []string{
			"mariadb-backup", "mydumper", "nginx-light", "mtail", "mariadb-server", "python3-django", "alembic", "python3-pymysql",
			"ruby", "ruby-activerecord", "ruby-mysql2", "percona-toolkit",
		},
	}
}

// Missing lists the programs that are neither installed, where that counts, nor unpacked.
func (r Root) Missing() []string {
	var missing []string
	for _, name := range r.Programs {
		if _, err := sandbox.Find(r.Edition, name); err != nil {
			missing = append(missing, name)
		}
	}
	return missing
}

// Ensure gets what is missing. What is being done is written to w, and nothing when there is nothing to do.
func (r Root) Ensure(ctx context.Context, w io.Writer) error {
	missing := r.Missing()
	if len(missing) == 0 {
		return r.Update()
	}
	fmt.Fprintf(w, "%s missing: unpacking packages to %s, nothing is installed\n", strings.Join(missing, ", "), r.Dir)
	if err := r.Unpack(ctx, w); err != nil {
		return err
	}
	if missing = r.Missing(); len(missing) > 0 {
		return fmt.Errorf("%s still lacks %s after unpacking", r.Dir, strings.Join(missing, ", "))
	}
	return nil
}

// Update brings a folder up to date that an older release of this program made.
func (r Root) Update() error {
	if !r.ours() || r.current() {
		return nil
	}
	return errors.Join(relocate(r.Dir), r.mark(r.Dir))
}

// Unpack makes the folder, and replaces one that it made earlier. It appears whole or not at all. What is being done is
// written to w.
func (r Root) Unpack(ctx context.Context, w io.Writer) error {
	if err := r.possible(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.Dir), 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(r.Dir), filepath.Base(r.Dir)+".partial-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	root := filepath.Join(work, "root")
	if err := (apt{dir: work, sources: r.Sources, log: w}).unpack(ctx, root, r.Packages); err != nil {
		return fmt.Errorf("unpack %s to %s: %w", strings.Join(r.Packages, ", "), r.Dir, err)
	}
	if err := errors.Join(trim(root), relocate(root), r.mark(root)); err != nil {
		return err
	}
	return r.replace(root)
}

// possible says what to do on a machine where Unpack cannot work.
func (r Root) possible() error {
	for _, tool := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("no %s on this machine: it is not a Debian or Ubuntu; install these programs in your "+
				"system's way, so that PATH has them: %s", tool, strings.Join(r.Programs, ", "))
		}
	}
	if r.Sources != "" && !HasDebianKeys() {
		return fmt.Errorf("no %s: the keys of Debian's archive; apt-get install debian-archive-keyring", keyring)
	}
	if _, err := os.Stat(r.Dir); err == nil && !r.ours() {
		return fmt.Errorf("%s exists and was not made by this program: remove it or choose another folder", r.Dir)
	}
	return nil
}

// HasDebianKeys tells whether packages of Debian can be verified on this machine.
func HasDebianKeys() bool {
	_, err := os.Stat(keyring)
	return err == nil
}

func (r Root) ours() bool {
	_, err := os.Stat(filepath.Join(r.Dir, marker))
	return err == nil
}

// current tells whether the folder was made as it would be now.
func (r Root) current() bool {
	text, err := os.ReadFile(filepath.Join(r.Dir, marker))
	return err == nil && strings.HasPrefix(string(text), layout+"\n")
}

func (r Root) mark(root string) error {
	text := layout + "\n" + strings.Join(r.Packages, "\n") + "\n"
	return os.WriteFile(filepath.Join(root, marker), []byte(text), 0o644)
}

// replace puts the finished root in its place. Programs that run out of the older one keep their open files.
func (r Root) replace(root string) error {
	old := root + ".old"
	if err := os.Rename(r.Dir, old); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(root, r.Dir)
}

// trim removes what no program reads: it is a third of the whole.
func trim(root string) error {
	var errs []error
	for _, name := range []string{"doc", "man", "locale", "info", "lintian"} {
		errs = append(errs, os.RemoveAll(filepath.Join(root, "usr/share", name)))
	}
	return errors.Join(errs...)
}
