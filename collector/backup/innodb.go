// SPDX-License-Identifier: Apache-2.0

package backup

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"path"
	"strings"
)

// pages verifies the checksums of InnoDB's pages as a tablespace or a delta of one
// is written to it: those of MySQL (innodb_checksum_algorithm=crc32, the default)
// and of MariaDB (full_crc32, the default since 10.5).
type pages struct {
	delta bool
	size  int // of a page; 0: not known yet
	buf   []byte

	number  int64 // of the next page
	good    int64
	bad     int64
	first   int64 // number of the first bad page
	unknown bool  // what is no tablespace after all
	least   int64 // pages that the first page says there are
	left    int   // of a delta: pages until the next list of numbers
}

const (
	pageHeader  = 38 // fil0fil.h: FIL_PAGE_DATA
	pageTypeAt  = 24 // FIL_PAGE_TYPE
	pageCountAt = 46 // the number of pages of the tablespace, on its first page
	pageFlagsAt = 54 // the flags of the tablespace, on its first page
	minPage     = 4 << 10
	maxPage     = 64 << 10
	usualPage   = 16 << 10
	noChecksum  = 0xdeadbeef // BUF_NO_CHECKSUM_MAGIC
)

// hasPages tells a file of InnoDB pages by its name, without the suffix of its
// compression.
func hasPages(name string) bool {
	base := path.Base(name)
	for _, suffix := range []string{".zst", ".lz4"} {
		base = strings.TrimSuffix(base, suffix)
	}
	switch path.Ext(base) {
	case ".ibd", ".ibu", ".delta", ".new": // .new: of a table that is younger than the base, or than the backup's begin
		return true
	case "":
		return strings.HasPrefix(base, "ibdata") || strings.HasPrefix(base, "undo")
	}
	return false
}

func newPages(name string) *pages { return &pages{delta: strings.Contains(path.Base(name), ".delta")} }

// Write implements io.Writer.
func (p *pages) Write(text []byte) (int, error) {
	if p.unknown {
		return len(text), nil
	}
	p.buf = append(p.buf, text...)
	if p.size == 0 && len(p.buf) >= minPage {
		p.measure()
	}
	for p.size > 0 && !p.unknown && len(p.buf) >= p.size {
		p.page(p.buf[:p.size])
		p.buf = p.buf[:copy(p.buf, p.buf[p.size:])]
	}
	return len(text), nil
}

// measure finds the size of the pages out.
func (p *pages) measure() {
	flags := binary.BigEndian.Uint32(p.buf[pageFlagsAt:])
	switch {
	case p.delta:
		p.size = usualPage // its .meta says so; another size is rare, and not verified
	case flags&0x10 != 0 && flags&0xf >= 3 && flags>>8 == 0: // full_crc32
		p.size = 512 << (flags & 0xf)
	case flags>>1&0xf != 0: // ROW_FORMAT=COMPRESSED
		p.unknown = true
	case flags>>6&0xf == 0:
		p.size = usualPage
	default:
		p.size = 512 << (flags >> 6 & 0xf)
	}
	if p.size != 0 && (p.size < minPage || p.size > maxPage) {
		p.unknown = true
	}
	if p.unknown {
		p.size, p.buf = 0, nil
		return
	}
	if !p.delta {
		p.least = int64(binary.BigEndian.Uint32(p.buf[pageCountAt:]))
	}
}

func (p *pages) page(page []byte) {
	if p.delta && p.left == 0 {
		p.list(page)
		return
	}
	if p.delta {
		p.left--
	}
	switch {
	case sealed(page): // its checksum is of what it would be unpacked
	case pageGood(page):
		p.good++
	default:
		if p.bad == 0 {
			p.first = p.number
		}
		p.bad++
	}
	p.number++
}

// list reads a page of a delta that lists the numbers of those which follow.
func (p *pages) list(page []byte) {
	if !bytes.EqualFold(page[:4], []byte("xtra")) {
		p.unknown = true
		return
	}
	for at := 4; at+4 <= len(page); at += 4 {
		if binary.BigEndian.Uint32(page[at:]) == 0xffffffff {
			break
		}
		p.left++
	}
}

// sealed reports whether a page is compressed or encrypted.
func sealed(page []byte) bool {
	switch kind := binary.BigEndian.Uint16(page[pageTypeAt:]); kind {
	case 14, 15, 16, 17, 34354, 37401:
		return true
	default:
		return kind&0x8000 != 0 // full_crc32: page compression
	}
}

func pageGood(page []byte) bool {
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	size := len(page)
	if binary.BigEndian.Uint32(page[size-4:]) == crc32.Checksum(page[:size-4], castagnoli) {
		return true // full_crc32
	}
	stored := binary.BigEndian.Uint32(page)
	sum := crc32.Checksum(page[4:26], castagnoli) ^ crc32.Checksum(page[pageHeader:size-8], castagnoli)
	if stored == sum || stored == noChecksum {
		return stored == noChecksum || sameLSN(page)
	}
	return stored == 0 && len(bytes.TrimLeft(page, "\x00")) == 0 // never written
}

// sameLSN compares the two places of a page that hold the low half of its log
// sequence number.
func sameLSN(page []byte) bool {
	return bytes.Equal(page[20:24], page[len(page)-4:])
}

// damage returns what is wrong, or nil. When not one page is good the checksums are
// of another algorithm.
func (p *pages) damage() error {
	switch {
	case p.unknown || p.good == 0:
		return nil
	case p.bad > 0:
		return fmt.Errorf("the checksum of page %d does not match (%d of %d pages)", p.first, p.bad, p.good+p.bad)
	case len(p.buf) > 0 || p.left > 0:
		return fmt.Errorf("it ends within page %d", p.number)
	case p.number < p.least:
		return fmt.Errorf("it has %d pages of %d", p.number, p.least)
	}
	return nil
}

// wholePages reports whether a file of pages has a size that such a file can have.
// The smallest pages, of compressed tables, have a KiB.
func wholePages(f file) bool {
	switch path.Ext(slashed(f.path)) {
	case ".zst", ".lz4", ".qp", ".xbcrypt":
		return f.size > 0
	}
	return f.size > 0 && f.size%(1<<10) == 0
}

// verified reports whether there were checksums of a known algorithm, and all of
// them matched. A delta may have no page at all.
func (p *pages) verified() bool {
	return !p.unknown && p.bad == 0 && p.damage() == nil && (p.good > 0 || p.delta && p.number == 0)
}
