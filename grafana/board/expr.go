// SPDX-License-Identifier: Apache-2.0

package board

import (
	"fmt"
	"strings"
)

// metric selects name on the servers that the reader picked; more holds further
// matchers.
func metric(name string, more ...string) string {
	return selector(name, append([]string{`job=~"$job"`, `instance=~"$instance"`}, more...))
}

// recorded selects a recording rule's result, which may have no job label. A
// result without an instance is about the monitoring itself and always included.
func recorded(name string, more ...string) string {
	return selector(name, append([]string{`instance=~"$instance|"`}, more...))
}

// alerts selects firing alerts of the servers that the reader picked and those
// that belong to no server, such as a rule group that fails.
func alerts(more ...string) string {
	return selector("ALERTS", append([]string{`alertstate="firing"`, `instance=~"$instance|"`}, more...))
}

func selector(name string, matchers []string) string {
	return name + "{" + strings.Join(matchers, ",") + "}"
}

// rulesAlive is 0 while the watchdog fires and absent otherwise: added to an
// alert count by "or", it tells "nothing fires" from "no rule is evaluated".
const rulesAlive = `0 * max(ALERTS{alertstate="firing",severity="none"})`

// perInstance gives one value per server, whichever job scraped it.
func perInstance(expr string) string { return maxBy("instance", expr) }

func maxBy(labels, expr string) string { return "max by (" + labels + ") (" + expr + ")" }
func minBy(labels, expr string) string { return "min by (" + labels + ") (" + expr + ")" }
func sumBy(labels, expr string) string { return "sum by (" + labels + ") (" + expr + ")" }

// perSecond is the increase per second of each series of a counter. The window
// is as wide as the zoom and the scrape interval need.
func perSecond(name string, more ...string) string {
	return "rate(" + metric(name, more...) + "[$__rate_interval])"
}

// rate is the increase per second of a counter, per server.
func rate(name string, more ...string) string { return perInstance(perSecond(name, more...)) }

// recordedRate is a counter's increase per second as the rules record it, over five
// minutes: for what is drawn of many servers over a long time.
func recordedRate(name string) string { return recorded("instance:" + name + ":rate5m") }

// top keeps the largest series, so that a fleet does not flood a graph.
func top(n int, expr string) string { return fmt.Sprintf("topk(%d, %s)", n, expr) }

// age is how long ago a timestamp was, in seconds.
func age(expr string) string { return "time() - " + expr }

// millis turns Unix time into what Grafana's date units want.
func millis(expr string) string { return expr + " * 1000" }

// ratio divides two expressions, and is absent where the divisor is 0.
func ratio(numerator, divisor string) string {
	return fmt.Sprintf("%s / (%s > 0)", numerator, divisor)
}
