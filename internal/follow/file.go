// SPDX-License-Identifier: Apache-2.0

package follow

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"time"
)

// headSize is how much of a file's beginning tells it from another one that has
// its inode number, in bytes.
const headSize = 256

// FilePosition is how far one file was read, and how to know it again.
type FilePosition struct {
	Inode  uint64 `json:"inode"`
	Offset int64  `json:"offset"`
	// Within says that the offset lies within a line that was too long.
	Within bool `json:"within,omitempty"`
	// Head is the CRC-32 of the first HeadSize bytes.
	Head     uint32 `json:"head"`
	HeadSize int    `json:"head_size"`
}

// file is an open log file.
type file struct {
	*os.File
	info     os.FileInfo // as of the last read
	offset   int64
	skipping bool // within a line that is too long
	head     uint32
	headSize int
	active   time.Time // when it last had something new, or lost the path
	atEnd    bool      // the last read came to the end of its lines
}

// openFile opens the file at the path, to be read from its end or its beginning.
func openFile(path string, atEnd bool) (*file, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New(path + " is no regular file: give the path of a log file")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	one := &file{File: f, info: info}
	if atEnd {
		one.offset, one.skipping = endOfLines(f, info.Size())
	}
	one.fingerprint()
	return one, nil
}

// endOfLines returns where the last complete line ends, or the size and true when
// that is too far back to look for.
func endOfLines(f *os.File, size int64) (offset int64, within bool) {
	tail := make([]byte, min(size, MaxLine))
	n, _ := f.ReadAt(tail, size-int64(len(tail)))
	if n == 0 {
		return size, false
	}
	if end := bytes.LastIndexByte(tail[:n], '\n'); end >= 0 || int64(n) == size {
		return size - int64(n) + int64(end) + 1, false
	}
	return size, true
}

// split gives the complete lines of a buffer. used is how many bytes are done
// with; what follows is an incomplete line.
func (f *file) split(buffer []byte, give func([]byte)) (used, lines, long int) {
	for {
		rest := buffer[used:]
		end := bytes.IndexByte(rest, '\n')
		if end < 0 {
			if len(rest) > MaxLine {
				if !f.skipping {
					give(rest[:MaxLine])
					f.skipping = true
					lines++
					long++
				}
				used = len(buffer)
			}
			return used, lines, long
		}
		used += end + 1
		if f.skipping {
			f.skipping = false
			continue
		}
		line := bytes.TrimSuffix(rest[:end], []byte{'\r'})
		if len(line) > MaxLine {
			line = line[:MaxLine]
			long++
		}
		give(line)
		lines++
	}
}

// replaced reports whether the file was cut, or cut and written anew.
func (f *file) replaced(info os.FileInfo) bool {
	if info.Size() < f.offset {
		return true
	}
	if info.ModTime().Equal(f.info.ModTime()) || f.headSize == 0 {
		return false
	}
	head, n := f.readHead(f.headSize)
	return n < f.headSize || head != f.head
}

func (f *file) restart() {
	f.offset, f.skipping, f.head, f.headSize = 0, false, 0, 0
}

// fingerprint takes the beginning of the file in, until there is enough of it.
func (f *file) fingerprint() {
	want := int(min(f.offset, headSize))
	if want <= f.headSize {
		return
	}
	if head, n := f.readHead(want); n == want {
		f.head, f.headSize = head, n
	}
}

// readHead returns the checksum of the first bytes, and how many there were.
func (f *file) readHead(size int) (uint32, int) {
	head := make([]byte, size)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, 0
	}
	return crc32.ChecksumIEEE(head[:n]), n
}

func (f *file) position() FilePosition {
	return FilePosition{Inode: inode(f.info), Offset: f.offset, Within: f.skipping, Head: f.head, HeadSize: f.headSize}
}
