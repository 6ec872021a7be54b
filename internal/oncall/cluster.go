// SPDX-License-Identifier: Apache-2.0

package oncall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"time"

	runtime "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/prometheus/alertmanager/api/v2/client"
	"github.com/prometheus/alertmanager/api/v2/client/general"
	"golang.org/x/sync/errgroup"
)

// Options say how a [Cluster] is reached and how careful it is.
type Options struct {
	// URLs are the members of one Alertmanager cluster, never a load balancer
	// before them: alerts are told to each.
	URLs []string
	// HTTP carries authentication and TLS; nil means http.DefaultClient. Each
	// call is bounded by its context.
	HTTP *http.Client
	// Settle is how long a member must have run before an alert that it does not
	// list counts as ended: after a restart it knows none. 0 means DefaultSettle.
	Settle time.Duration
	// Keep is how long an alert that was posted here lives without a further
	// post. 0 means DefaultKeep.
	Keep time.Duration
	// Witness is the name of an alert that always fires. Where it is missing,
	// Prometheus is cut off, and no alert counts as ended. Empty: not asked for.
	Witness string
}

// Defaults of [Options]. Prometheus posts what fires once a minute, and takes
// four minutes for gone what it does not post.
const (
	DefaultSettle  = 5 * time.Minute
	DefaultKeep    = 5 * time.Minute
	DefaultWitness = "Watchdog"
)

// Cluster is the Alertmanagers that share their silences.
type Cluster struct {
	members []*member
	options Options
}

type member struct {
	url     string // to be shown
	metrics string // where its counters are
	api     *client.AlertmanagerAPI
}

// New prepares the use of a cluster; it connects to none.
func New(options Options) (*Cluster, error) {
	if len(options.URLs) == 0 {
		return nil, errors.New("no Alertmanager is named")
	}
	if options.Settle == 0 {
		options.Settle = DefaultSettle
	}
	if options.Keep == 0 {
		options.Keep = DefaultKeep
	}
	if options.HTTP == nil {
		options.HTTP = http.DefaultClient
	}
	c := &Cluster{options: options}
	for _, text := range options.URLs {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, fmt.Errorf("%q is not of the form http://alertmanager:9093", text)
		}
		transport := runtime.NewWithClient(u.Host, path.Join("/", u.Path, "api/v2"), []string{u.Scheme}, options.HTTP)
		if u.User != nil {
			password, _ := u.User.Password()
			transport.DefaultAuthentication = runtime.BasicAuth(u.User.Username(), password)
		}
		c.members = append(c.members, &member{
			url: u.Redacted(), metrics: u.JoinPath("metrics").String(), api: client.New(transport, strfmt.Default),
		})
	}
	return c, nil
}

// each asks all members at once. It fails only when all do: the members that
// are left know the same.
func (c *Cluster) each(ctx context.Context, do func(context.Context, *member) error) error {
	errs := make([]error, len(c.members))
	var group errgroup.Group
	for i, m := range c.members {
		group.Go(func() error {
			if err := do(ctx, m); err != nil {
				errs[i] = fmt.Errorf("alertmanager %s: %w", m.url, plain(err))
			}
			return nil
		})
	}
	_ = group.Wait()
	for _, err := range errs {
		if err == nil {
			return nil
		}
	}
	return errors.Join(errs...)
}

// first asks the members one after the other until one succeeds.
func (c *Cluster) first(ctx context.Context, do func(context.Context, *member) error) error {
	var errs []error
	for _, m := range c.members {
		err := do(ctx, m)
		if err == nil {
			return nil
		}
		errs = append(errs, fmt.Errorf("alertmanager %s: %w", m.url, plain(err)))
	}
	return errors.Join(errs...)
}

// plain shortens what the generated client says of an answer to what
// Alertmanager said.
func plain(err error) error {
	var answer interface{ IsCode(int) bool }
	if !errors.As(err, &answer) {
		return err
	}
	type said interface{ GetPayload() string }
	if s, ok := answer.(said); ok && s.GetPayload() != "" {
		return errors.New(s.GetPayload())
	}
	return err
}

// uptime is for how long a member has run.
func (m *member) uptime(ctx context.Context) (time.Duration, error) {
	status, err := m.api.General.GetStatus(general.NewGetStatusParamsWithContext(ctx))
	if err != nil {
		return 0, err
	}
	if status.Payload.Uptime == nil {
		return 0, errors.New("its status has no uptime")
	}
	return time.Since(time.Time(*status.Payload.Uptime)), nil
}
