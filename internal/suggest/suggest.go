// SPDX-License-Identifier: Apache-2.0

// Package suggest tells what a mistyped word may have meant.
package suggest

import (
	"fmt"
	"slices"
	"strings"
)

// Name returns the end of a message about a word that is none of the
// known ones: the closest one where there is one, else all of them.
func Name(word string, known []string) string {
	if best := closest(word, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) == 0 {
		return "there is none"
	}
	return "there is " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// closest returns the known word with the fewest edits from word, or "" when all
// of them are further than a slip of the finger.
func closest(word string, known []string) string {
	best, limit := "", max(1, min(3, len(word)/3))
	for _, k := range known {
		if d := distance(strings.ToLower(word), strings.ToLower(k)); d <= limit && (best == "" || d < limit) {
			best, limit = k, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two words, by bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
