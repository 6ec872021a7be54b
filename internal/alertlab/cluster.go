// SPDX-License-Identifier: Apache-2.0

//go:build unix

package alertlab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/proc"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// Cluster is several Alertmanagers that agree on who notifies. As a Lab it is
// its first member.
type Cluster struct {
	Lab
	Members []*sandbox.Service
}

// PeerTimeout is how long a member leaves each one before it to notify: long enough for what they tell each other to arrive
// on a busy machine.
const PeerTimeout = 4 * time.Second

// StartCluster runs n members with the shipped routes, and waits until they
// know each other.
func StartCluster(t testing.TB, edition sandbox.Edition, n int, change func(*render.Alertmanager)) *Cluster {
	t.Helper()
	posts := testenv.Hook(t)
	config := configFor(t, edition, posts, change)
	program, err := sandbox.FindAlertmanager(edition)
	program = testenv.Require(t, program, err)
	var peers []string
	for range n {
		port, err := proc.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		peers = append(peers, "127.0.0.1:"+strconv.Itoa(port))
	}
	c := &Cluster{}
	for i, peer := range peers {
		options := sandbox.ServiceOptions{Program: program, Ready: "/-/healthy", Arguments: func(address, dir string) []string {
			args := []string{
				"--config.file=" + config, "--storage.path=" + filepath.Join(dir, "data"), "--web.listen-address=" + address,
				"--cluster.listen-address=" + peer, "--cluster.peer-timeout=" + PeerTimeout.String(),
			}
			for _, other := range peers[:i] {
				args = append(args, "--cluster.peer="+other)
			}
			return args
		}}
		c.Members = append(c.Members, testenv.Service(t, options))
	}
	c.Lab = Lab{Alertmanager: c.Members[0], Posts: posts, Config: config}
	for _, member := range c.Members {
		settled(t, member, n)
	}
	return c
}

// settled waits until a member knows the others and has begun to notify.
func settled(t testing.TB, member *sandbox.Service, n int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	testenv.Eventually(t, time.Minute, "the cluster has settled", func() error {
		response, err := client.Get(member.URL() + "/api/v2/status") //nolint:noctx // bounded by Eventually
		if err != nil {
			return err
		}
		defer response.Body.Close()
		var status struct {
			Cluster struct {
				Status string
				Peers  []any
			}
		}
		if err := json.NewDecoder(response.Body).Decode(&status); err != nil {
			return err
		}
		if status.Cluster.Status != "ready" || len(status.Cluster.Peers) != n {
			return fmt.Errorf("%+v", status.Cluster)
		}
		return nil
	})
}

// Post sends alerts to every member, as Prometheus does.
func (c *Cluster) Post(t testing.TB, alerts ...Alert) {
	t.Helper()
	for _, member := range c.Members {
		Post(t, member, alerts...)
	}
}

// Fire posts an alert that starts now and returns it.
func (c *Cluster) Fire(t testing.TB, labels map[string]string) Alert {
	t.Helper()
	a := Alert{Labels: labels, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour)}
	c.Post(t, a)
	return a
}

// Resolve posts that an alert is over.
func (c *Cluster) Resolve(t testing.TB, a Alert) {
	t.Helper()
	a.EndsAt = time.Now()
	c.Post(t, a)
}

// WaitGossip waits until all members but one have heard from others of at least
// n notifications. What a member has sent and nobody knows is sent again when it
// dies.
func (c *Cluster) WaitGossip(t testing.TB, but, n int) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	heard := regexp.MustCompile(`(?m)^alertmanager_nflog_gossip_messages_propagated_total (\d+)`)
	for i, member := range c.Members {
		if i == but {
			continue
		}
		testenv.Eventually(t, 10*time.Second, "the notifications are known to the others", func() error {
			response, err := client.Get(member.URL() + "/metrics") //nolint:noctx // bounded by Eventually
			if err != nil {
				return err
			}
			defer response.Body.Close()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				return err
			}
			match := heard.FindSubmatch(text)
			if match == nil {
				return errors.New("no metric says so")
			}
			if known, err := strconv.Atoi(string(match[1])); known < n {
				return errors.Join(err, fmt.Errorf("%s knows %d of %d", member.URL(), known, n))
			}
			return nil
		})
	}
}

// Kill ends a member as a crash would.
func (c *Cluster) Kill(t testing.TB, i int) {
	t.Helper()
	member := c.Members[i]
	if err := syscall.Kill(member.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-member.Done()
	c.Members = append(c.Members[:i:i], c.Members[i+1:]...)
}

// URLs are the addresses of the members.
func (c *Cluster) URLs() []string {
	var urls []string
	for _, member := range c.Members {
		urls = append(urls, member.URL())
	}
	return urls
}
