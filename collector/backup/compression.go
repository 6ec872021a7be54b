// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// maxWindow bounds the memory that a stream can ask for: what zstd and xz take
// without being told otherwise (--long=27, -9), rounded up.
const maxWindow = 128 << 20

// compression is a format of compressed streams, as its first bytes show.
type compression struct {
	name  string
	magic []string
	open  func(io.Reader) (io.ReadCloser, error)
}

func compressions() []compression {
	return []compression{
		{"gzip", []string{"\x1f\x8b"}, func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) }},
		{"zstd", []string{"\x28\xb5\x2f\xfd", "\x50\x2a\x4d\x18"}, openZstd},
		{"lz4", []string{"\x04\x22\x4d\x18", "\x02\x21\x4c\x18"}, func(r io.Reader) (io.ReadCloser, error) {
			return io.NopCloser(lz4.NewReader(r)), nil
		}},
		{"xz", []string{"\xfd7zXZ\x00"}, openXz},
		{"bzip2", []string{"BZh"}, func(r io.Reader) (io.ReadCloser, error) { return io.NopCloser(bzip2.NewReader(r)), nil }},
	}
}

// encryptions are the beginnings of files that nothing can be read of, and what
// wrote them.
func encryptions() map[string]string {
	return map[string]string{
		"Salted__":                    "openssl",
		"age-encryption.org/v1":       "age",
		"-----BEGIN AGE ENCRYPTED FI": "age",
		"-----BEGIN PGP MESSAGE-----": "PGP",
	}
}

// detectCompression returns nil for what is not compressed.
func detectCompression(head []byte) *compression {
	for _, c := range compressions() {
		for _, magic := range c.magic {
			if bytes.HasPrefix(head, []byte(magic)) {
				return &c
			}
		}
	}
	return nil
}

// detectEncryption returns the name of what encrypted it, or "".
func detectEncryption(head []byte) string {
	for magic, name := range encryptions() {
		if bytes.HasPrefix(head, []byte(magic)) {
			return name
		}
	}
	return ""
}

// openZstd decodes in the caller's goroutine, so that nothing is left behind.
func openZstd(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

func openXz(r io.Reader) (io.ReadCloser, error) {
	const (
		streamHeader = 12
		largest      = 30 // the code of maxWindow
	)
	b := bufio.NewReader(r)
	head, _ := b.Peek(streamHeader + 4*255) // shorter in a short file
	if xzDictionary(head[min(streamHeader, len(head)):]) > largest {
		return nil, errTooLarge
	}
	d, err := xz.NewReader(b)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(d), nil
}

// xzDictionary returns the code of the dictionary size in the header of a block,
// which is allocated before a byte is decoded; 0 for none. The format is that of
// "The .xz File Format", 3.1 and 5.3.1.
func xzDictionary(block []byte) byte {
	const lzma2 = 0x21
	if len(block) < 2 {
		return 0
	}
	flags, rest := block[1], block[2:]
	for _, sized := range []byte{0x40, 0x80} { // the sizes of the block are optional
		if flags&sized == 0 {
			continue
		}
		_, n := binary.Uvarint(rest)
		if n <= 0 {
			return 0
		}
		rest = rest[n:]
	}
	for range flags&3 + 1 { // filters: id, length of the properties, properties
		id, n := binary.Uvarint(rest)
		if n <= 0 || len(rest) < n+1 {
			return 0
		}
		properties := rest[n+1:]
		length := int(rest[n])
		if length > len(properties) {
			return 0
		}
		if id == lzma2 && length == 1 {
			return properties[0]
		}
		rest = properties[length:]
	}
	return 0
}

// errTooLarge says that a stream cannot be checked within bounded memory.
var errTooLarge = errors.New("needs more memory to decompress than is allowed here")

// tooLarge reports whether an error of a decompressor is its limit, not the
// stream's fault.
func tooLarge(err error) bool {
	return errors.Is(err, errTooLarge) ||
		errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded)
}
