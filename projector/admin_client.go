package projector

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"corebank/internal/bank"
)

// Limits of what is read of a response.
const (
	maxAdminLine    = 64 << 10
	maxAdminRefusal = 4 << 10
)

// ErrNoProjector is the error of an address at which no projector answers.
var ErrNoProjector = errors.New("no projector answers")

// Admin is a client of the admin endpoint of a projector on this machine. The
// work that it requests ends with the context.
type Admin struct {
	// Address is host:port, the projector's --health.
	Address string
	// Token is the projector's admin token.
	Token string
}

// Replay makes one account's view anew.
func (a Admin) Replay(ctx context.Context, id bank.AccountID) (done Replayed, err error) {
	err = a.do(ctx, pathReplay+"?account="+url.QueryEscape(string(id)), func(Progress) {}, &done)
	return done, err
}

// Rebuild builds all views anew beside the live ones and makes them live.
func (a Admin) Rebuild(ctx context.Context, report func(Progress)) (done Rebuilt, err error) {
	err = a.do(ctx, pathRebuild, report, &done)
	return done, err
}

// Rollback makes the previous views live again.
func (a Admin) Rollback(ctx context.Context, report func(Progress)) (done Rebuilt, err error) {
	err = a.do(ctx, pathRollback, report, &done)
	return done, err
}

func (a Admin) do(ctx context.Context, path string, report func(Progress), result any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.Address+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", bearer+a.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("%w at %s: %w", ErrNoProjector, a.Address, err))
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxAdminRefusal))
		return fmt.Errorf("%s answers %s: %s", a.Address, response.Status, strings.TrimSpace(string(text)))
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxAdminLine)
	for lines.Scan() {
		var line AdminLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("the projector at %s sent a line that is not JSON of its protocol: %w", a.Address, err)
		}
		switch {
		case line.Progress != nil:
			report(*line.Progress)
		case line.Error != "":
			return errors.New(line.Error)
		default:
			return json.Unmarshal(line.Result, result)
		}
	}
	return fmt.Errorf("the projector at %s stopped before the work was done; the views that were live are still live: %w",
		a.Address, errors.Join(ctx.Err(), lines.Err(), io.ErrUnexpectedEOF))
}
