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

// Bounds of what is read of an answer.
const (
	maxAdminLine    = 64 << 10
	maxAdminRefusal = 4 << 10
)

// ErrNoProjector says that no projector answers at the address.
var ErrNoProjector = errors.New("no projector answers")

// Admin reaches the admin endpoint of a projector on this machine. What it
// asks for ends when the context does.
type Admin struct {
	// Address is host:port, as the projector's --health.
	Address string
	// Token is what the projector takes requests with.
	Token string
}

// Replay makes one account's view anew.
func (a Admin) Replay(ctx context.Context, id bank.AccountID) (done Replayed, err error) {
	err = a.do(ctx, pathReplay+"?account="+url.QueryEscape(string(id)), func(Progress) {}, &done)
	return done, err
}

// Rebuild builds all views anew beside the live ones.
func (a Admin) Rebuild(ctx context.Context, tell func(Progress)) (done Rebuilt, err error) {
	err = a.do(ctx, pathRebuild, tell, &done)
	return done, err
}

// Rollback makes the previous views live.
func (a Admin) Rollback(ctx context.Context, tell func(Progress)) (done Rebuilt, err error) {
	err = a.do(ctx, pathRollback, tell, &done)
	return done, err
}

func (a Admin) do(ctx context.Context, path string, tell func(Progress), result any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+a.Address+path, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", bearer+a.Token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return errors.Join(ctx.Err(), fmt.Errorf("%w at %s: %w", ErrNoProjector, a.Address, err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, maxAdminRefusal))
		return fmt.Errorf("%s answers %s: %s", a.Address, answer.Status, strings.TrimSpace(string(text)))
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, maxAdminLine)
	for lines.Scan() {
		var line AdminLine
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return fmt.Errorf("the projector at %s answers something else: %w", a.Address, err)
		}
		switch {
		case line.Progress != nil:
			tell(*line.Progress)
		case line.Error != "":
			return errors.New(line.Error)
		default:
			return json.Unmarshal(line.Result, result)
		}
	}
	return fmt.Errorf("the projector at %s stopped in the middle of it; what was live before is live: %w",
		a.Address, errors.Join(ctx.Err(), lines.Err(), io.ErrUnexpectedEOF))
}
