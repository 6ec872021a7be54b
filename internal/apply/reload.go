// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// ReloadURL makes a Prometheus or an Alertmanager read its files anew. A server that was not started for that
// (--web.enable-lifecycle) gives [ErrByHand].
func ReloadURL(client *http.Client, base *url.URL) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, base.JoinPath("-/reload").String(), nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		const enough = 4096 // of what is wrong
		said, err := io.ReadAll(io.LimitReader(answer.Body, enough))
		text := strings.TrimSpace(string(said))
		switch {
		case answer.StatusCode == http.StatusOK:
			return nil
		case answer.StatusCode == http.StatusForbidden && strings.Contains(text, "Lifecycle"):
			return ErrByHand
		case err != nil:
			return err
		}
		return fmt.Errorf("%s refused to reload: %s: %s", base.Redacted(), answer.Status, text)
	}
}
