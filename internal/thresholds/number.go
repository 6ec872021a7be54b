// SPDX-License-Identifier: Apache-2.0

package thresholds

import (
	"fmt"

	"github.com/prometheus/prometheus/promql/parser"

	"github.com/easy-erp/dbsync/internal/rulefile"
)

// number is a constant in an expression: 0.8 in "x > 0.8", 14 * 86400 in
// "x < 14 * 86400".
type number struct {
	role       string // with what stands beside it: "> 0.8", "14.4 *", "clamp_min 300"
	start, end int    // in the text of the expression
}

// numbers finds the constants of an expression by its syntax tree.
func numbers(expr string) ([]number, error) {
	tree, err := rulefile.Parser().ParseExpr(expr)
	if err != nil {
		return nil, err
	}
	var all []number
	var walk func(node parser.Node, beside func(text string) string)
	walk = func(node parser.Node, beside func(string) string) {
		if constant(node) {
			at := node.PositionRange()
			all = append(all, number{beside(expr[at.Start:at.End]), int(at.Start), int(at.End)})
			return
		}
		switch n := node.(type) {
		case *parser.BinaryExpr:
			walk(n.LHS, func(text string) string { return fmt.Sprintf("%s %s", text, n.Op) })
			walk(n.RHS, func(text string) string { return fmt.Sprintf("%s %s", n.Op, text) })
		case *parser.Call:
			for _, arg := range n.Args {
				walk(arg, func(text string) string { return n.Func.Name + " " + text })
			}
		case *parser.AggregateExpr:
			if n.Param != nil {
				walk(n.Param, func(text string) string { return n.Op.String() + " " + text })
			}
			walk(n.Expr, beside)
		default:
			for child := range parser.ChildrenIter(node) {
				walk(child, beside)
			}
		}
	}
	walk(tree, func(text string) string { return text })
	return all, nil
}

// constant tells whether a node is made of numbers alone.
func constant(node parser.Node) bool {
	switch n := node.(type) {
	case *parser.NumberLiteral:
		return true
	case *parser.ParenExpr:
		return constant(n.Expr)
	case *parser.UnaryExpr:
		return constant(n.Expr)
	case *parser.BinaryExpr:
		return constant(n.LHS) && constant(n.RHS)
	}
	return false
}
