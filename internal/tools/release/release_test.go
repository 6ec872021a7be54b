// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// small is a program of a few lines, built once.
var small = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "dbsync-release-test-")
	if err != nil {
		return "", err
	}
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o600); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "small")
	return program, exec.Command("go", "build", "-ldflags", "-s -w", "-o", program, source).Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if program, err := small(); err == nil {
		os.RemoveAll(filepath.Dir(program))
	}
	os.Exit(code)
}

// made publishes a small program in the place of the real ones, which take
// minutes to build and to pack.
func made(t *testing.T, p platform) (*release, string) {
	t.Helper()
	program, err := small()
	if err != nil {
		t.Fatal(err)
	}
	r := &release{
		root: filepath.Join("..", "..", ".."), out: t.TempDir(), version: "1.2.3", date: time.Unix(1700000000, 0).UTC(),
	}
	helpers := []file{
		{name: "man/dbsyncctl.1", text: manual("dbsyncctl", r.version, r.date, []byte(page)), mode: 0o644},
		{name: "completions/dbsyncctl.bash", text: []byte("complete\n"), mode: 0o644},
		{name: "completions/_dbsyncctl", text: []byte("#compdef dbsyncctl\n"), mode: 0o644},
	}
	programs := []file{{name: "dbsync_exporter", path: program, mode: 0o755}, {name: "dbsyncctl", path: program, mode: 0o755}}
	if err := r.publish(p, programs, helpers); err != nil {
		t.Fatal(err)
	}
	if err := checksums(r.out); err != nil {
		t.Fatal(err)
	}
	return r, r.out
}

const page = `.TH dbsyncctl 1 dbsyncctl, version 1
  build user: me
.SH "NAME"
dbsyncctl
.SH "DESCRIPTION"
Starts it.

    dbsyncctl up     all
    .hidden

Done.
.TP
\fB--version\fR
`

func TestTwiceTheSameBytes(t *testing.T) {
	_, one := made(t, platform{"linux", "amd64"})
	_, two := made(t, platform{"linux", "amd64"})
	a, err := os.ReadFile(filepath.Join(one, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(two, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("two releases of one commit differ:\n%s\n%s", a, b)
	}
	for _, name := range []string{"dbsync_1.2.3_linux_amd64.tar.gz", "dbsync_1.2.3-1_amd64.deb", "dbsync-1.2.3-1.x86_64.rpm", "dbsync_1.2.3_linux_amd64.cdx.json"} {
		if !bytes.Contains(a, []byte("  "+name+"\n")) {
			t.Errorf("%s is missing in\n%s", name, a)
		}
	}
}

// TestBill wants the modules that this test was linked from.
func TestBill(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &release{out: t.TempDir(), version: "1.2.3", date: time.Unix(1700000000, 0).UTC()}
	if err := r.bill(platform{"linux", "amd64"}, []file{{path: program}}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(r.out, "dbsync_1.2.3_linux_amd64.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"bomFormat": "CycloneDX"`, `"pkg:golang/github.com/goreleaser/nfpm/v2@v2.`, `"pkg:golang/std@1.`, "2023-11-14T22:13:20Z"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestArchivesUnpack(t *testing.T) {
	_, out := made(t, platform{"darwin", "arm64"})
	unpacked := untar(t, filepath.Join(out, "dbsync_1.2.3_darwin_arm64.tar.gz"))
	_, out = made(t, platform{"windows", "amd64"})
	zipped, err := zip.OpenReader(filepath.Join(out, "dbsync_1.2.3_windows_amd64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer zipped.Close()
	var names []string
	for _, f := range zipped.File {
		_, name, _ := strings.Cut(f.Name, "/")
		names = append(names, name)
	}
	if !slices.Equal(unpacked, names) {
		t.Errorf("tar has %v, zip %v", unpacked, names)
	}
	for _, want := range []string{"LICENSE", "dbsyncctl", "man/dbsyncctl.1", "deploy/config/dbsync.yml"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %v", want, names)
		}
	}
}

func untar(t *testing.T, path string) (names []string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(plain)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		folder, name, _ := strings.Cut(header.Name, "/")
		if folder != "dbsync_1.2.3_darwin_arm64" || header.Uid != 0 || !header.ModTime.Equal(time.Unix(1700000000, 0)) {
			t.Errorf("%+v", header)
		}
		names = append(names, name)
	}
}

// TestManual wants what man shows to be what --help shows.
func TestManual(t *testing.T) {
	got := string(manual("dbsyncctl", "1.2.3", time.Unix(1700000000, 0).UTC(), []byte(page)))
	for _, want := range []string{
		".TH DBSYNCCTL 1 2023-11-14 \"dbsync 1.2.3\"", "dbsyncctl \\- runs,", ".nf\ndbsyncctl up     all\n\\&.hidden\n\n.fi\n.RE\nDone.", `\fB\-\-version`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "build user") {
		t.Error("the version's further lines are left in the heading")
	}
}

// TestDebianPackage installs, removes and purges the package in an empty root.
func TestDebianPackage(t *testing.T) {
	for _, needed := range []string{"dpkg", "systemd-sysusers", "systemd-tmpfiles"} {
		installed(t, needed)
	}
	if os.Geteuid() != 0 {
		t.Skip("files of other accounts need root")
	}
	_, out := made(t, platform{"linux", "amd64"})
	root := emptyRoot(t)
	dpkg := func(args ...string) string {
		command := exec.Command("dpkg", append([]string{
			"--root=" + root, "--log=/dev/null", "--force-script-chrootless", "--force-depends", "--force-architecture",
		}, args...)...)
		text, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("dpkg %v: %v\n%s", args, err, text)
		}
		return string(text)
	}
	if said := dpkg("-i", filepath.Join(out, "dbsync_1.2.3-1_amd64.deb")); !strings.Contains(said, "systemctl enable --now dbsync_exporter") {
		t.Errorf("the installation does not say what comes next:\n%s", said)
	}
	for path, mode := range map[string]os.FileMode{
		"etc/dbsync/dbsync.yml": 0o640, "usr/bin/dbsync_exporter": 0o755, "usr/share/man/man1/dbsyncctl.1.gz": 0o644,
		"usr/lib/systemd/system/dbsync_exporter.service":    0o644,
		"usr/lib/systemd/system/dbsync-restore-test@.timer": 0o644, "var/lib/dbsync": 0o750, "var/lib/dbsync/incoming": 0o770,
	} {
		info, err := os.Stat(filepath.Join(root, path))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v %v, want mode %v", path, info, err, mode)
		}
	}
	accounts, err := os.ReadFile(filepath.Join(root, "etc/passwd"))
	if err != nil || !bytes.Contains(accounts, []byte("\ndbsync:x:")) {
		t.Errorf("no account: %v\n%s", err, accounts)
	}
	dpkg("-r", "dbsync")
	if _, err := os.Stat(filepath.Join(root, "etc/dbsync/dbsync.yml")); err != nil {
		t.Errorf("removing takes the configuration away: %v", err)
	}
	dpkg("-P", "dbsync")
	for _, path := range []string{"etc/dbsync", "var/lib/dbsync", "usr"} {
		if _, err := os.Stat(filepath.Join(root, path)); err == nil {
			t.Errorf("purging leaves %s", path)
		}
	}
}

// emptyRoot is a root file system with a package database and nothing else.
func emptyRoot(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range map[string]string{
		"var/lib/dpkg/status": "", "var/lib/dpkg/available": "", "var/lib/dpkg/updates/.keep": "", "var/lib/dpkg/info/.keep": "",
		"etc/passwd": "root:x:0:0::/root:/bin/sh\n", "etc/group": "root:x:0:\n",
	} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(path, ".keep") {
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestRPM asks rpm for what is in the package, and for the scripts.
func TestRPM(t *testing.T) {
	installed(t, "rpm")
	_, out := made(t, platform{"linux", "amd64"})
	text, err := exec.Command("rpm", "--nosignature", "-qlp", "--scripts", filepath.Join(out, "dbsync-1.2.3-1.x86_64.rpm")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for _, want := range []string{"/usr/bin/dbsync_exporter", "/etc/dbsync/dbsync.yml", "/usr/share/licenses/dbsync/LICENSE", "systemd-sysusers dbsync.conf"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
}

func TestUnknownPlatform(t *testing.T) {
	if _, err := choose([]string{"plan9/amd64"}); err == nil {
		t.Error("accepted")
	}
}

// installed ends the test where a program is missing: with a skip, with a failure when CI=true.
func installed(t *testing.T, name string) {
	t.Helper()
	_, err := exec.LookPath(name)
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatal(err)
	default:
		t.Skipf("NOT TESTED: no %s on this machine", name)
	}
}
