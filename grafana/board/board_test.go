// SPDX-License-Identifier: Apache-2.0

package board

import (
	"slices"
	"testing"
	"unicode"

	"github.com/easy-erp/dbsync/grafana/dash"
	"github.com/easy-erp/dbsync/grafana/lint"
)

// TestLanguages holds the two languages against each other: the same queries,
// ids and places, and no text in the wrong one.
func TestLanguages(t *testing.T) {
	english, chinese := All(English), All(Chinese)
	for i, en := range english {
		zh := chinese[i]
		if en.UID != zh.UID {
			t.Fatalf("board %d is %s in English and %s in Chinese", i, en.UID, zh.UID)
		}
		if a, b := lint.Queries(en), lint.Queries(zh); !slices.Equal(a, b) {
			t.Errorf("%s asks other queries in Chinese", en.UID)
		}
		for j, p := range en.AllPanels() {
			comparePanels(t, p, zh.AllPanels()[j])
		}
	}
}

func comparePanels(t *testing.T, en, zh dash.Panel) {
	t.Helper()
	if en.ID != zh.ID || en.GridPos != zh.GridPos {
		t.Errorf("panel %d %q and %d %q are not the same panel", en.ID, en.Title, zh.ID, zh.Title)
	}
	for _, text := range texts(en) {
		if hasHan(text) {
			t.Errorf("panel %d: the English text %q has Chinese characters", en.ID, text)
		}
	}
	for _, text := range texts(zh) {
		if text != "" && !hasHan(text) {
			t.Errorf("panel %d: the text %q is not translated", zh.ID, text)
		}
	}
}

// texts are what a reader sees of a panel. A name such as performance_schema
// may be all there is to a noValue text, so that is not among them.
func texts(p dash.Panel) []string { return []string{p.Title, p.Description} }

func hasHan(s string) bool {
	return slices.ContainsFunc([]rune(s), func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func TestParseLang(t *testing.T) {
	for _, good := range []string{"en", "zh"} {
		if l, err := ParseLang(good); err != nil || string(l) != good {
			t.Errorf("ParseLang(%q) = %q, %v", good, l, err)
		}
	}
	if _, err := ParseLang("de"); err == nil {
		t.Error("ParseLang accepted a language that no board is written in")
	}
}

// TestChineseBoardsPassLint: only the title's first word, the product's name,
// is common to both languages.
func TestChineseBoardsPassLint(t *testing.T) {
	for _, d := range All(Chinese) {
		for _, p := range lint.Check(d, nil) {
			t.Error(p)
		}
	}
}

// TestTableColumns checks that the names of value columns follow Grafana's: one
// query gives "Value", several give "Value #A" and so on, in order.
func TestTableColumns(t *testing.T) {
	one := []column{{label: "instance"}, {expr: "a"}}
	if got := fields(one); !slices.Equal(got, []string{"instance", "Value"}) {
		t.Errorf("one query: %q", got)
	}
	two := []column{{expr: "a"}, {label: "instance"}, {expr: "b"}}
	if got := fields(two); !slices.Equal(got, []string{"Value #A", "instance", "Value #B"}) {
		t.Errorf("two queries: %q", got)
	}
}
