// SPDX-License-Identifier: Apache-2.0

//go:build unix

package docs_test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/easy-erp/dbsync/internal/testenv"
)

const root = ".."

// pages are the Markdown files of the repository.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata" || entry.Name() == "dist" || entry.Name() == "node_modules"):
			return fs.SkipDir
		case filepath.Ext(path) == ".md":
			all = append(all, path)
		}
		return nil
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("found %d pages: %v", len(all), err)
	}
	return all
}

// block is a fenced block of code.
type block struct {
	language, text string
	line           int
}

// fences splits a page into its prose, with the code taken out, and its blocks.
func fences(text string) (prose string, blocks []block) {
	var kept []string
	var open *block
	fence := ""
	for i, line := range strings.Split(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case open == nil && strings.HasPrefix(trimmed, "```"):
			fence = trimmed[:len(trimmed)-len(strings.TrimLeft(trimmed, "`"))]
			open = &block{language: strings.TrimLeft(trimmed, "`"), line: i + 1}
		case open != nil && trimmed == fence:
			blocks = append(blocks, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
			continue
		default:
			kept = append(kept, line)
			continue
		}
		kept = append(kept, "")
	}
	return strings.Join(kept, "\n"), blocks
}

var (
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`!?\[[^\]]*\]\(([^)\s]+)(?:\s+"[^"]*")?\)`)
	heading = regexp.MustCompile(`(?m)^(#{1,6})\s+(.+?)\s*$`)
	anchor  = regexp.MustCompile(`<a (?:id|name)="([^"]+)">`)
)

// TestLinks follows every link within the repository, down to its heading.
func TestLinks(t *testing.T) {
	for _, page := range pages(t) {
		prose, _ := fences(read(t, page))
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(prose, ""), -1) {
			if err := follow(page, match[1]); err != nil {
				t.Errorf("%s: %s: %v", page, match[1], err)
			}
		}
	}
}

func follow(page, target string) error {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "" {
		return err
	}
	path := page
	if u.Path != "" {
		path = filepath.Join(filepath.Dir(page), filepath.FromSlash(u.Path))
	}
	info, err := os.Stat(path)
	if err != nil || u.Fragment == "" || info.IsDir() || filepath.Ext(path) != ".md" {
		return err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !slices.Contains(anchors(string(text)), u.Fragment) {
		return fmt.Errorf("no heading of that name in %s", path)
	}
	return nil
}

// anchors are the names that GitHub gives headings.
func anchors(text string) []string {
	prose, _ := fences(text)
	var all []string
	seen := map[string]int{}
	for _, match := range heading.FindAllStringSubmatch(prose, -1) {
		name := slug(match[2])
		if n := seen[name]; n > 0 {
			all = append(all, fmt.Sprintf("%s-%d", name, n))
		} else {
			all = append(all, name)
		}
		seen[name]++
	}
	for _, match := range anchor.FindAllStringSubmatch(prose, -1) {
		all = append(all, match[1])
	}
	return all
}

func slug(title string) string {
	title = link.ReplaceAllStringFunc(title, func(s string) string { return s[strings.Index(s, "[")+1 : strings.Index(s, "]")] })
	var out strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case unicode.IsLetter(r), unicode.IsNumber(r), r == '-', r == '_':
			out.WriteRune(r)
		case r == ' ':
			out.WriteByte('-')
		}
	}
	return out.String()
}

// TestTranslationsKeepStep compares the pages that exist in two languages:
// headings by their depth, code blocks by what is run.
func TestTranslationsKeepStep(t *testing.T) {
	for english, chinese := range map[string]string{
		"../README.md": "../README.zh-CN.md", "quickstart.md": "quickstart.zh-CN.md",
	} {
		prose, blocks := fences(read(t, english))
		otherProse, otherBlocks := fences(read(t, chinese))
		if a, b := depths(prose), depths(otherProse); !slices.Equal(a, b) {
			t.Errorf("%s has headings of depth %v, %s %v", english, a, chinese, b)
		}
		if a, b := commands(blocks), commands(otherBlocks); !slices.Equal(a, b) {
			t.Errorf("%s runs\n%s\n%s runs\n%s", english, strings.Join(a, "\n"), chinese, strings.Join(b, "\n"))
		}
	}
}

func depths(prose string) (all []int) {
	for _, match := range heading.FindAllStringSubmatch(prose, -1) {
		all = append(all, len(match[1]))
	}
	return all
}

// commands are the lines of the blocks without their comments and what stands in
// double quotes, which are translated.
func commands(blocks []block) (all []string) {
	for _, b := range blocks {
		for _, line := range strings.Split(b.text, "\n") {
			line, _, _ = strings.Cut(line, " #")
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
				all = append(all, quoted.ReplaceAllString(line, `""`))
			}
		}
	}
	return all
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// TestShellBlocksParse lets the shell read every block that a reader would
// paste, without running it.
func TestShellBlocksParse(t *testing.T) {
	shell := testenv.Installed(t, "bash")
	for page, text := range readAll(t) {
		_, blocks := fences(text)
		for _, b := range blocks {
			if b.language != "sh" && b.language != "bash" && b.language != "shell" {
				continue
			}
			command := exec.Command(shell, "-n")
			command.Stdin = strings.NewReader(b.text)
			if said, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s:%d: %v: %s", page, b.line, err, said)
			}
		}
	}
}

func readAll(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, page := range pages(t) {
		all[page] = read(t, page)
	}
	return all
}

// TestCommandsExist holds every dbsyncctl command that the documentation names
// against the program's source, where commands are declared.
func TestCommandsExist(t *testing.T) {
	known := declared(t)
	for page, text := range readAll(t) {
		if filepath.Base(page) == "CHANGELOG.md" {
			continue
		}
		for _, match := range called.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(known, match[1]) {
				t.Errorf("%s: dbsyncctl has no command %q", page, match[1])
			}
		}
	}
}

var (
	called    = regexp.MustCompile("(?:^|[^a-z/-])dbsyncctl ([a-z]+)")
	declaring = regexp.MustCompile(`\.Command\("([a-z-]+)"`)
)

func declared(t *testing.T) (all []string) {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(root, "cmd", "dbsyncctl", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		for _, match := range declaring.FindAllStringSubmatch(read(t, source), -1) {
			all = append(all, match[1])
		}
	}
	if len(all) < 10 {
		t.Fatalf("found only %v", all)
	}
	return all
}

// TestChecksCanFail proves that they see what is wrong.
func TestChecksCanFail(t *testing.T) {
	for _, target := range []string{"nothing.md", "faq.md#nothing", "#nothing"} {
		if follow("README.md", target) == nil {
			t.Errorf("%s is followed", target)
		}
	}
	if err := follow("README.md", "quality.md#cost-of-a-scrape"); err != nil {
		t.Error(err)
	}
	if got := slug("`mysql.status` & more: 你好"); got != "mysqlstatus--more-你好" {
		t.Errorf("slug %q", got)
	}
}
