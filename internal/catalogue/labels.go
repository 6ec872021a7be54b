// SPDX-License-Identifier: Apache-2.0

package catalogue

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// Labels are the names of the labels that series may have.
type Labels struct {
	any   bool // not known: any
	names map[string]bool
}

// Any are the labels of a metric that nobody declares.
func Any() Labels { return Labels{any: true} }

// Of returns exactly these labels.
func Of(names ...string) Labels {
	l := Labels{names: map[string]bool{}}
	for _, name := range names {
		l.names[name] = true
	}
	return l
}

// Has tells whether the label may be there. The metric's name always is.
func (l Labels) Has(name string) bool {
	return l.any || name == model.MetricNameLabel || l.names[name]
}

// Names returns the names in order; none when they are not known.
func (l Labels) Names() []string { return slices.Sorted(maps.Keys(l.names)) }

func (l Labels) String() string {
	if l.any {
		return "any"
	}
	return strings.Join(l.Names(), ", ")
}

func (l Labels) union(other Labels) Labels {
	if l.any || other.any {
		return Any()
	}
	both := Of()
	maps.Copy(both.names, l.names)
	maps.Copy(both.names, other.names)
	return both
}

func (l Labels) with(names ...string) Labels { return l.union(Of(names...)) }

func (l Labels) without(names ...string) Labels {
	if l.any {
		return l
	}
	rest := Of(slices.Collect(maps.Keys(l.names))...)
	for _, name := range names {
		delete(rest.names, name)
	}
	return rest
}

// only keeps the names that are there.
func (l Labels) only(names ...string) Labels {
	kept := Of()
	for _, name := range names {
		kept.names[name] = l.Has(name)
	}
	maps.DeleteFunc(kept.names, func(_ string, has bool) bool { return !has })
	return kept
}

// LabelsOf works out which labels the result of an expression may have.
func (m Metrics) LabelsOf(expr parser.Expr) Labels {
	switch e := expr.(type) {
	case *parser.VectorSelector:
		declared, ok := m.Labels(e.Name)
		if !ok {
			return Any() // the selector itself is complained about
		}
		return declared
	case *parser.MatrixSelector:
		return m.LabelsOf(e.VectorSelector)
	case *parser.SubqueryExpr:
		return m.LabelsOf(e.Expr)
	case *parser.ParenExpr:
		return m.LabelsOf(e.Expr)
	case *parser.UnaryExpr:
		return m.LabelsOf(e.Expr)
	case *parser.StepInvariantExpr:
		return m.LabelsOf(e.Expr)
	case *parser.AggregateExpr:
		return m.labelsOfAggregate(e)
	case *parser.Call:
		return m.labelsOfCall(e)
	case *parser.BinaryExpr:
		return m.labelsOfBinary(e)
	}
	return Of()
}

func (m Metrics) labelsOfAggregate(a *parser.AggregateExpr) Labels {
	inner := m.LabelsOf(a.Expr)
	switch {
	case a.Op == parser.TOPK || a.Op == parser.BOTTOMK:
		return inner
	case a.Without:
		return inner.without(a.Grouping...)
	}
	return inner.only(a.Grouping...)
}

func (m Metrics) labelsOfCall(c *parser.Call) Labels {
	var all Labels
	for _, arg := range c.Args {
		all = all.union(m.LabelsOf(arg))
	}
	switch c.Func.Name {
	case "label_replace", "label_join":
		return all.with(c.Args[1].(*parser.StringLiteral).Val)
	case "histogram_quantile":
		return all.without("le")
	case "scalar", "absent", "absent_over_time":
		return Of()
	}
	return all
}

func (m Metrics) labelsOfBinary(b *parser.BinaryExpr) Labels {
	left, right, on := m.LabelsOf(b.LHS), m.LabelsOf(b.RHS), b.VectorMatching
	switch {
	case on == nil: // one side is a scalar
		return left.union(right)
	case b.Op == parser.LOR:
		return left.union(right)
	case b.Op == parser.LAND || b.Op == parser.LUNLESS:
		return left
	case on.Card == parser.CardManyToOne:
		return left.with(on.Include...)
	case on.Card == parser.CardOneToMany:
		return right.with(on.Include...)
	case b.Op.IsComparisonOperator() && !b.ReturnBool:
		return left
	case on.On:
		return left.only(on.MatchingLabels...)
	}
	return left.without(on.MatchingLabels...)
}
