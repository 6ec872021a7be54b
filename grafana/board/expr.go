// SPDX-License-Identifier: Apache-2.0

package board

import (
	"fmt"
	"strings"
)

// metric selects name on the servers that the reader picked; more holds further
// matchers.
func metric(name string, more ...string) string {
	matchers := append([]string{`job=~"$job"`, `instance=~"$instance"`}, more...)
	return name + "{" + strings.Join(matchers, ",") + "}"
}

// alerts selects firing alerts of the servers that the reader picked and those
// that belong to no server, such as a rule group that fails.
func alerts(more ...string) string {
	matchers := append([]string{`alertstate="firing"`, `instance=~"$instance|"`}, more...)
	return "ALERTS{" + strings.Join(matchers, ",") + "}"
}

// rulesAlive is 0 while the watchdog fires and absent otherwise: added to an
// alert count by "or", it tells "nothing fires" from "no rule is evaluated".
const rulesAlive = `0 * max(ALERTS{alertstate="firing",severity="none"})`

// recorded selects a recording rule's result, which has no job label. A result
// without an instance is about the monitoring itself and always included.
func recorded(name string) string {
	return name + `{instance=~"$instance|"}`
}

// perInstance gives one value per server, whichever job scraped it.
func perInstance(expr string) string {
	return "max by (instance) (" + expr + ")"
}

// rate is the increase per second of a counter, per server.
func rate(name string) string {
	return perInstance("rate(" + metric(name) + "[$__rate_interval])")
}

// ratio divides two expressions, and is absent where the divisor is 0.
func ratio(numerator, divisor string) string {
	return fmt.Sprintf("%s / (%s > 0)", numerator, divisor)
}
