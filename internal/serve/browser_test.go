// SPDX-License-Identifier: Apache-2.0

//go:build unix

package serve_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/testenv"
)

var update = flag.Bool("update", false, "take the pictures of docs/images anew")

// pictures is where the documentation has them.
const pictures = "../../docs/images"

// browse opens a real browser, logged in as lilei.
func browse(t *testing.T) context.Context {
	t.Helper()
	options := append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...)
	options = append(options, chromedp.ExecPath(testenv.Installed(t, "chromium-headless-shell")), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	allocator, end := chromedp.NewExecAllocator(ctx, options...)
	tab, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(tab)
		closeTab()
		end()
		chromedp.FromContext(allocator).Allocator.Wait()
		cancel()
	})
	do(t, tab, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		if _, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, target, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{
			Headers: network.Headers{"Authorization": "Basic bGlsZWk6eA=="},
		})
		return err
	}))
	return tab
}

func do(t *testing.T, tab context.Context, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if _, err := chromedp.Run(tab, chromedp.Steps(actions...)); err != nil {
		t.Fatal(err)
	}
}

// picture is looked at by people, so that it is not compared.
func picture(t *testing.T, tab context.Context, name string) {
	t.Helper()
	if !*update {
		return
	}
	png, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(pictures, name), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// evaluate runs a script and returns its value.
func evaluate[T any](t *testing.T, tab context.Context, script string) T {
	t.Helper()
	value, err := chromedp.Run(tab, chromedp.Evaluate[T](script))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// await waits until the page has an element.
func await(t *testing.T, tab context.Context, selector string) {
	t.Helper()
	testenv.Eventually(t, 20*time.Second, "the page has "+selector, func() error {
		text, err := chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector(`+strconv.Quote(selector)+`) ? "" : document.body.innerText`))
		if err == nil && text != "" {
			err = errors.New(text)
		}
		return err
	})
}

// incident fires three alerts, one of which somebody has.
func (s *site) incident() {
	s.t.Helper()
	began := time.Now().Add(-4 * time.Minute)
	for _, a := range []alertlab.Alert{
		{
			Labels: alertlab.Labels(down...), StartsAt: began,
			Annotations: map[string]string{
				"summary":       "The database server does not answer.",
				"description":   "Nothing on erp-primary speaks the MySQL protocol: the server is stopped, hung or cut off. Look at its service and error log, then start it or restore the network.",
				"runbook_url":   "https://github.com/easy-erp/dbsync/blob/main/docs/runbooks/mysqldown.md",
				"dashboard_url": "http://localhost:3000/d/dbsync-overview?var-instance=erp-primary",
			},
		},
		{
			Labels: alertlab.Labels("alertname", "BackupFailure", "instance", "crm-primary", "backup", "nightly", "severity", "warning",
				"component", "backup", "rule_id", "backup_failure"),
			StartsAt: began.Add(-50 * time.Minute), Annotations: map[string]string{"summary": "The newest backup failed."},
		},
		{
			Labels: alertlab.Labels("alertname", "DiskSpaceLow", "instance", "crm-replica", "mountpoint", "/var/lib/mysql", "severity", "warning",
				"component", "host", "rule_id", "disk_space_low"),
			StartsAt: began.Add(-3 * time.Hour), Annotations: map[string]string{"summary": "A file system has less than 20 % free."},
		},
	} {
		s.lab.Post(s.t, a)
	}
	s.shows("DiskSpaceLow")
	for _, a := range strings.Split(s.text("/"), `<a href="`)[1:] {
		if path, rest, _ := strings.Cut(a, `"`); strings.Contains(rest, "DiskSpaceLow") {
			if code, text := s.do(http.MethodPost, path+"/ack", "reason=adding a disk"); code != http.StatusSeeOther {
				s.t.Fatalf("%d %s", code, text)
			}
		}
	}
	s.shows("adding a disk")
}

func (s *site) text(path string) string {
	s.t.Helper()
	_, text := s.do(http.MethodGet, path, "")
	return text
}

// TestPhone acknowledges by a touch.
func TestPhone(t *testing.T) {
	s := start(t, "")
	s.incident()
	tab := browse(t)
	do(t, tab, chromedp.EmulateViewport(390, 660, chromedp.EmulateScale(2), chromedp.EmulateMobile, chromedp.EmulateTouch), chromedp.Navigate(s.URL+"/"))
	picture(t, tab, "oncall-phone-list.png")
	if wide := evaluate[float64](t, tab, `document.documentElement.scrollWidth - innerWidth`); wide > 0 {
		t.Errorf("the page is %v pixels wider than the screen", wide)
	}
	do(t, tab, chromedp.Click(chromedp.CSS(`article.critical a`)))
	await(t, tab, `button.first`)
	picture(t, tab, "oncall-phone-alert.png")
	// 44 pixels are what a finger hits (WCAG 2.5.5).
	if small := evaluate[[]string](t, tab, `[...document.querySelectorAll("button, input[type=text], select")].filter(e => e.getBoundingClientRect().height < 44).map(e => e.outerHTML)`); len(small) > 0 {
		t.Errorf("too small for a finger: %q", small)
	}
	do(t, tab, chromedp.SendKeys(chromedp.CSS(`input[name=reason]`), "restarting it"), chromedp.Click(chromedp.CSS(`button.first`)))
	s.shows("<strong>lilei</strong> has it: restarting it")
}

// TestKeyboard does everything without a pointing device, on a desk.
func TestKeyboard(t *testing.T) {
	s := start(t, "")
	s.incident()
	tab := browse(t)
	do(t, tab, chromedp.EmulateViewport(1000, 400), chromedp.Navigate(s.URL+"/"))
	picture(t, tab, "oncall-desktop.png")
	reach := func(what, script string) {
		t.Helper()
		for range 30 {
			do(t, tab, chromedp.KeyEvent(kb.Tab))
			if evaluate[bool](t, tab, `(e => `+script+`)(document.activeElement)`) {
				if outline := evaluate[string](t, tab, `getComputedStyle(document.activeElement).outlineStyle`); outline == "none" {
					t.Errorf("%s: nobody sees that it has the focus", what)
				}
				return
			}
		}
		t.Fatalf("the tab key never comes to %s", what)
	}
	reach("the alert", `e.matches("article.critical a")`)
	do(t, tab, chromedp.KeyEvent(kb.Enter))
	await(t, tab, `button.first`)
	reach("the reason", `e.name == "reason"`)
	do(t, tab, chromedp.KeyEvent("restarting it"))
	reach("the button", `e.textContent == "Acknowledge"`)
	do(t, tab, chromedp.KeyEvent(kb.Enter))
	s.shows("<strong>lilei</strong> has it: restarting it")
}

// TestAnotherSiteCannotAcknowledge: a page elsewhere that sends the form by itself, in
// a browser that is logged in.
func TestAnotherSiteCannotAcknowledge(t *testing.T) {
	s := start(t, "")
	path := s.fire(down...)
	evil := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `<!doctype html><form method="post" action="%s%s/ack"></form><script>document.forms[0].submit()</script>`, s.URL, path)
	}))
	t.Cleanup(evil.Close)
	tab := browse(t)
	// Another port of the same host is the same site, yet another origin.
	response, err := chromedp.RunResponse(tab, chromedp.Navigate(strings.Replace(evil.URL, "127.0.0.1", "localhost", 1)))
	if err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, 20*time.Second, "the form is refused", func() error {
		if text := evaluate[string](t, tab, `document.body.innerText`); !strings.Contains(text, "cross-origin") {
			return fmt.Errorf("status %d, %s", response.Status, text)
		}
		return nil
	})
	if text := s.text("/"); strings.Contains(text, "has it") {
		t.Errorf("acknowledged by another site: %s", text)
	}
}
