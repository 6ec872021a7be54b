// SPDX-License-Identifier: Apache-2.0

// Command generate writes the dashboards as JSON files that Grafana provisions.
//
//	go run ./grafana/generate                                 # the committed files
//	go run ./grafana/generate -lang zh -out /etc/grafana/zh   # the same in Chinese
//
// The uids are the same in every language: provision one language per Grafana.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/easy-erp/dbsync/grafana/board"
)

func main() {
	lang := flag.String("lang", string(board.English), "language of titles and descriptions: en or zh")
	out := flag.String("out", filepath.Join("grafana", "dashboards"), "folder to write to")
	flag.Parse()
	if err := generate(*lang, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(lang, out string) error {
	l, err := board.ParseLang(lang)
	if err != nil {
		return err
	}
	for _, d := range board.All(l) {
		data, err := d.Encode()
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, d.UID+".json"), data, 0o644); err != nil {
			return fmt.Errorf("run it in the repository's root, or name a folder with -out: %w", err)
		}
	}
	return nil
}
