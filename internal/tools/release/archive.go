// SPDX-License-Identifier: Apache-2.0

package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// documents are the files of the repository that every archive has.
func documents() []string {
	return []string{
		"LICENSE", "NOTICE", "README.md", "README.zh-CN.md", "CHANGELOG.md", "deploy/config/dbsync.yml",
		"deploy/systemd/dbsync_exporter.service", "deploy/systemd/dbsync_exporter.default", "deploy/systemd/dbsync.sysusers",
		"deploy/systemd/dbsync.tmpfiles",
		"deploy/systemd/dbsync-restore-test@.service", "deploy/systemd/dbsync-restore-test@.timer",
	}
}

func (r *release) archiveContents(programs, helpers []file) ([]file, error) {
	contents := slices.Concat(programs, helpers)
	for _, name := range documents() {
		path := filepath.Join(r.root, filepath.FromSlash(name))
		if _, err := os.Stat(path); err != nil {
			return nil, err
		}
		contents = append(contents, file{name: name, path: path, mode: 0o644})
	}
	slices.SortFunc(contents, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return contents, nil
}

// archive writes dbsync_VERSION_OS_ARCH.tar.gz, and .zip for Windows.
func (r *release) archive(p platform, contents []file) error {
	base := fmt.Sprintf("dbsync_%s_%s_%s", r.version, p.os, p.arch)
	var packed bytes.Buffer
	pack, extension := r.tar, ".tar.gz"
	if p.os == "windows" {
		pack, extension = r.zip, ".zip"
	}
	if err := pack(&packed, base, contents); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, base+extension), packed.Bytes(), 0o644)
}

func (r *release) tar(w io.Writer, folder string, contents []file) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, f := range contents {
		text, err := f.content()
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name: folder + "/" + f.name, Size: int64(len(text)), Mode: int64(f.mode), ModTime: r.date,
			Typeflag: tar.TypeReg, Uname: "root", Gname: "root", Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(text); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

func (r *release) zip(w io.Writer, folder string, contents []file) error {
	archive := zip.NewWriter(w)
	for _, f := range contents {
		text, err := f.content()
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: folder + "/" + f.name, Method: zip.Deflate, Modified: r.date}
		header.SetMode(f.mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(text); err != nil {
			return err
		}
	}
	return archive.Close()
}

// checksums writes SHA256SUMS for everything in the folder, in the form that
// sha256sum --check reads.
func checksums(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%x  %s\n", sha256.Sum256(text), entry.Name())
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), out.Bytes(), 0o644)
}

// compress is gzip without a name and without a time.
func compress(text []byte) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is known
	_, _ = w.Write(text)                                    // to memory
	_ = w.Close()
	return out.Bytes()
}
