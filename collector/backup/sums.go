// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"path"
	"strings"
)

// sums are the checksums that lie beside files, as sha256sum and its kin write
// them, by the path of the file.
type sums map[string]sum

type sum struct {
	make func() hash.Hash
	want []byte
}

// sumSuffixes are the endings of files with checksums, and what they hold.
func sumSuffixes() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		".sha256": sha256.New, ".sha512": sha512.New, ".sha1": sha1.New, ".md5": md5.New,
	}
}

// sumLists are the names of files that list the checksums of a folder.
func sumLists() map[string]func() hash.Hash {
	return map[string]func() hash.Hash{
		"SHA256SUMS": sha256.New, "SHA512SUMS": sha512.New, "SHA1SUMS": sha1.New, "MD5SUMS": md5.New,
	}
}

// isSum reports whether a file is no backup but the checksum of one.
func isSum(f file) bool {
	_, ok := sumSuffixes()[path.Ext(slashed(f.path))]
	return ok && !f.dir && f.size < maxSmall
}

// findSums reads the checksums of a match: beside a file, in a folder.
func findSums(ctx context.Context, p *place) (sums, error) {
	found := sums{}
	if !p.file.dir {
		for suffix, algorithm := range sumSuffixes() {
			beside := file{path: p.file.path + suffix, size: maxSmall}
			text, err := p.load(ctx, beside)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			found.parse(text, algorithm, p.file.path, "")
		}
		return found, nil
	}
	for _, f := range p.files {
		base := path.Base(slashed(f.path))
		algorithm, lists := sumLists()[base]
		only := ""
		if !lists {
			suffix := path.Ext(base)
			algorithm = sumSuffixes()[suffix]
			only = strings.TrimSuffix(slashed(f.path), suffix)
		}
		if algorithm == nil {
			continue
		}
		text, err := p.load(ctx, f)
		if err != nil {
			return nil, err
		}
		found.parse(text, algorithm, only, strings.TrimSuffix(slashed(f.path), base))
	}
	return found, nil
}

// parse takes in lines of "checksum  name", or a checksum alone. With only set,
// the first is that of this file, whatever it is called in the list; else the
// names are those of files in the folder.
func (s sums) parse(text []byte, algorithm func() hash.Hash, only, folder string) {
	for line := range bytes.Lines(text) {
		digits, name, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		want, err := hex.DecodeString(digits)
		if err != nil || len(want) != algorithm().Size() {
			continue
		}
		if only != "" {
			s[slashed(only)] = sum{algorithm, want}
			return
		}
		if name = strings.TrimLeft(name, " *"); name != "" {
			s[folder+strings.TrimPrefix(name, "./")] = sum{algorithm, want}
		}
	}
}

// missing returns a file that has a checksum and is not there, or "".
func (s sums) missing(p *place) string {
	there := map[string]bool{}
	for _, f := range p.files {
		there[slashed(f.path)] = true
	}
	for name := range s {
		if !there[name] {
			return name
		}
	}
	return ""
}

// verified raises an artefact that was read to the level of its checksums, which
// were compared on the way.
func (s sums) verified(p *place, a *artefact) {
	if len(s) == 0 || a.state != complete && a.state != assumed {
		return
	}
	if name := s.missing(p); name != "" {
		a.state, a.evidence = damaged, fmt.Sprintf("%s is missing, which has a checksum", name)
		return
	}
	a.level = Checksum
	a.evidence += "; its checksums match"
}
