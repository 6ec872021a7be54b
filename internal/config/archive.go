// SPDX-License-Identifier: Apache-2.0

package config

import "fmt"

// BinlogArchive is where the binary logs of a target are copied to.
type BinlogArchive struct {
	Target, Path string
	S3           *S3 // how the bucket of the path is reached; nil: it is in none
}

// archives checks where binary logs are copied to.
func (v *validator) archives(entries []archiveEntry) {
	taken := map[string]bool{}
	for i, e := range entries {
		key := fmt.Sprintf("binlog_archives[%d]", i)
		v.target(key+".target", e.Target)
		v.required(key+".path", e.Path)
		v.pattern(key+".path", e.Path)
		if of := e.Target + "\x00" + e.Path; taken[of] {
			v.add(key+".path", "is an archive of %s already: name it once", e.Target)
		} else {
			taken[of] = true
		}
		v.config.archives = append(v.config.archives, BinlogArchive{
			Target: e.Target, Path: e.Path, S3: v.s3(key+".s3", e.Path, e.S3),
		})
	}
}
