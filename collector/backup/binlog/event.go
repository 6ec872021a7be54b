// SPDX-License-Identifier: Apache-2.0

package binlog

import (
	"encoding/binary"
	"time"
)

// Types of events that matter here.
const (
	stop              = 3
	rotate            = 4
	formatDescription = 15
	startEncryption   = 164 // of MariaDB
)

const (
	headerLength = 19
	// firstLength is the least length of the event that describes the format: a header,
	// the format's version (2), the server's version (50), the time when the log was
	// created, if at a start of the server (4), and the length of headers (1).
	firstLength   = headerLength + 57
	createdOffset = headerLength + 52
)

// header is the common header of events.
type header struct {
	time   uint32 // Unix time; 0: of an event that is in no log
	kind   byte
	length uint32 // with the header
	next   uint32 // where the next event begins, modulo 2^32
}

// parseHeader reads a header, if there may be one.
func parseHeader(b []byte) (header, bool) {
	if len(b) < headerLength {
		return header{}, false
	}
	h := header{
		time: binary.LittleEndian.Uint32(b), kind: b[4],
		length: binary.LittleEndian.Uint32(b[9:]), next: binary.LittleEndian.Uint32(b[13:]),
	}
	return h, h.kind != 0 && h.length >= headerLength
}

// at reports whether the event is one that was written at this place of a file.
func (h header) at(place int64) bool { return h.next == uint32(place)+h.length } // modulo 2^32

func (h header) when() time.Time { return time.Unix(int64(h.time), 0) }

// created returns what the event that describes the format says of the server's start.
func created(event []byte) uint32 { return binary.LittleEndian.Uint32(event[createdOffset:]) }
