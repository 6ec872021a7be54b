// SPDX-License-Identifier: Apache-2.0

// Package report sums up what fired over a time, usually a week: how often, how
// long until somebody took it and until it was over, and which rules deserve a
// look themselves.
package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"github.com/easy-erp/dbsync/internal/history"
)

// Report is a time, and the one of the same length before it.
type Report struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Total  Figures   `json:"total"`
	Before Figures   `json:"before"`
	Rules  []Rule    `json:"rules"` // the noisiest first; those that fired only before are last
	Days   []Day     `json:"days"`
	Open   []Open    `json:"never_acknowledged"` // the longest first, at most maxOpen
}

// Figures sum up episodes.
type Figures struct {
	Episodes int `json:"episodes"`
	Critical int `json:"critical"`
	Warning  int `json:"warning"`
	// Firing is the time that they fired, of all together.
	Firing       Seconds `json:"firing_seconds"`
	Acknowledged int     `json:"acknowledged"`
	// Ignored are those that fired for at least Fair and that nobody took.
	Ignored int `json:"never_acknowledged"`
	// Flaps are those that began within Again of the same alert's end.
	Flaps int `json:"flaps"`
	// ToAcknowledge is of those that were acknowledged, ToResolve of those that
	// are over.
	ToAcknowledge Spread `json:"to_acknowledge"`
	ToResolve     Spread `json:"to_resolve"`
}

// Spread is how a length of time varies; nil values: there was none.
type Spread struct {
	Median *Seconds `json:"median_seconds"`
	P90    *Seconds `json:"p90_seconds"`
}

// Seconds is a length of time.
type Seconds float64

// String writes it as people do: 1d2h, 3m20s.
func (s Seconds) String() string {
	d := time.Duration(float64(s) * float64(time.Second))
	switch {
	case d >= 24*time.Hour:
		d = d.Round(time.Hour)
	case d >= time.Hour:
		d = d.Round(time.Minute)
	default:
		d = d.Round(time.Second)
	}
	return model.Duration(d).String()
}

// Rule is what one rule did.
type Rule struct {
	RuleID   string `json:"rule_id"`
	Name     string `json:"name"`
	Severity string `json:"severity"` // the worst
	Figures
	Objects int     `json:"objects"` // how many servers, backups ... it fired for
	Before  Figures `json:"before"`
	// Candidate says that it may be a false alarm: it fires again and again, is
	// over within Fair, and nobody ever takes it.
	Candidate bool `json:"false_alarm_candidate"`
}

// Day is how many began on a day, in the time zone of the report.
type Day struct {
	Date     string `json:"date"`
	Critical int    `json:"critical"`
	Warning  int    `json:"warning"`
}

// Open is an episode that nobody took.
type Open struct {
	Alert   string    `json:"alert"`
	From    time.Time `json:"from"`
	Lasted  Seconds   `json:"lasted_seconds"`
	Firing  bool      `json:"firing"`
	Subject string    `json:"subject"` // what it is about
}

// What the words of a report mean.
const (
	// Fair is how long an alert fires before one may ask why nobody took it.
	Fair = 10 * time.Minute
	// Again is how soon after its end an alert that begins is the same trouble.
	Again = 30 * time.Minute
	// often is from how many episodes on a rule can be said to fire again and again.
	often   = 3
	maxOpen = 20
)

// Make sums up the episodes of a time and of the one before. The times are shown
// in the zone of to.
func Make(from, to time.Time, now, before []history.Episode) Report {
	r := Report{From: from, To: to, Total: sum(now), Before: sum(before), Rules: []Rule{}, Days: days(from, to, now), Open: []Open{}}
	earlier := byRule(before)
	for id, episodes := range byRule(now) {
		r.Rules = append(r.Rules, newRule(id, episodes, earlier[id]))
		delete(earlier, id)
	}
	for id, episodes := range earlier {
		rule := newRule(id, nil, episodes)
		rule.Name, rule.Severity = episodes[0].RuleName, worst(episodes)
		r.Rules = append(r.Rules, rule)
	}
	slices.SortFunc(r.Rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(b.Episodes, a.Episodes), cmp.Compare(b.Firing, a.Firing), cmp.Compare(a.RuleID, b.RuleID))
	})
	for _, e := range now {
		if ignored(e) {
			r.Open = append(r.Open, newOpen(e, to.Location()))
		}
	}
	slices.SortStableFunc(r.Open, func(a, b Open) int { return cmp.Compare(b.Lasted, a.Lasted) })
	r.Open = r.Open[:min(len(r.Open), maxOpen)]
	return r
}

// byRule groups by rule_id; of rules without one, by their name.
func byRule(episodes []history.Episode) map[string][]history.Episode {
	rules := map[string][]history.Episode{}
	for _, e := range episodes {
		id := cmp.Or(e.RuleID, e.RuleName)
		rules[id] = append(rules[id], e)
	}
	return rules
}

func newRule(id string, now, before []history.Episode) Rule {
	r := Rule{RuleID: id, Figures: sum(now), Before: sum(before)}
	if len(now) == 0 {
		return r
	}
	r.Name, r.Severity = now[0].RuleName, worst(now)
	objects := map[model.Fingerprint]bool{}
	for _, e := range now {
		objects[identity(e)] = true
	}
	r.Objects = len(objects)
	r.Candidate = r.Episodes >= often && r.Acknowledged == 0 && r.ToResolve.Median != nil && float64(*r.ToResolve.Median) < Fair.Seconds()
	return r
}

func worst(episodes []history.Episode) string {
	if slices.ContainsFunc(episodes, func(e history.Episode) bool { return e.Severity == "critical" }) {
		return "critical"
	}
	return episodes[0].Severity
}

func identity(e history.Episode) model.Fingerprint {
	return model.Fingerprint(model.LabelsToSignature(e.Labels))
}

func lasted(e history.Episode) time.Duration { return e.To.Sub(e.From) }

func ignored(e history.Episode) bool { return e.Acknowledged == nil && lasted(e) >= Fair }

func sum(episodes []history.Episode) Figures {
	f := Figures{Episodes: len(episodes)}
	var toAcknowledge, toResolve []float64
	ends := map[model.Fingerprint]time.Time{}
	inOrder := slices.SortedStableFunc(slices.Values(episodes), func(a, b history.Episode) int { return a.From.Compare(b.From) })
	for _, e := range inOrder {
		switch e.Severity {
		case "critical":
			f.Critical++
		case "warning":
			f.Warning++
		}
		f.Firing += Seconds(lasted(e).Seconds())
		if e.Acknowledged != nil {
			f.Acknowledged++
			toAcknowledge = append(toAcknowledge, e.Acknowledged.After.Seconds())
		}
		if ignored(e) {
			f.Ignored++
		}
		if e.Status == history.Resolved {
			toResolve = append(toResolve, lasted(e).Seconds())
		}
		if end, ok := ends[identity(e)]; ok && e.From.Sub(end) <= Again {
			f.Flaps++
		}
		ends[identity(e)] = e.To
	}
	f.ToAcknowledge, f.ToResolve = spread(toAcknowledge), spread(toResolve)
	return f
}

func spread(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	slices.Sort(values)
	at := func(q float64) *Seconds { // nearest rank
		s := Seconds(values[int(math.Ceil(q*float64(len(values))))-1])
		return &s
	}
	return Spread{Median: at(0.5), P90: at(0.9)}
}

func days(from, to time.Time, episodes []history.Episode) []Day {
	all, index := []Day{}, map[string]int{}
	for d := from.In(to.Location()); ; d = d.AddDate(0, 0, 1) {
		date := d.Format(time.DateOnly)
		index[date] = len(all)
		all = append(all, Day{Date: date})
		if date >= to.Format(time.DateOnly) {
			break
		}
	}
	for _, e := range episodes {
		n, ok := index[e.From.In(to.Location()).Format(time.DateOnly)]
		switch {
		case !ok:
		case e.Severity == "critical":
			all[n].Critical++
		case e.Severity == "warning":
			all[n].Warning++
		}
	}
	return all
}

func newOpen(e history.Episode, zone *time.Location) Open {
	return Open{
		Alert: e.RuleName, From: e.From.In(zone), Lasted: Seconds(lasted(e).Seconds()),
		Firing: e.Status == history.Firing, Subject: subject(e.Labels),
	}
}

// subject is what distinguishes an alert from others of its rule.
func subject(labels map[string]string) string {
	set := model.LabelSet{}
	for name, value := range labels {
		switch name {
		case "alertname", "rule_id", "severity", "component":
		default:
			set[model.LabelName(name)] = model.LabelValue(value)
		}
	}
	return set.String()
}
