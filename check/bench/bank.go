package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/localbank/supervisor"
)

// Bounds of a bank's life. The first start of all may have to build Dapr.
const (
	bankStart = 25 * time.Minute
	bankGrace = 8 * time.Second
	tokenLife = 7 * 24 * time.Hour // longer than any run
)

// wholeBank is a whole bank, as `corebank up` runs it.
type wholeBank struct {
	url       string
	token     string // of its own issuer
	data      string
	up        int               // the process that runs all others
	parts     map[string]string // addresses, as run.json has them
	processes map[string]int
}

// startBank starts a bank, or returns the one that runs.
func (l *lab) startBank(ctx context.Context) (*wholeBank, error) {
	if l.bank != nil {
		return l.bank, nil
	}
	if l.remote() {
		return l.findBank(ctx)
	}
	listen, err := freeAddress()
	if err != nil {
		return nil, err
	}
	b := &wholeBank{url: "http://" + listen, data: filepath.Join(l.dir, "bank")}
	ids, err := l.start(ctx, supervisor.Process{Name: "up", Command: l.Program, Dir: l.dir,
		Args: []string{"up", "--listen=" + listen, "--data=" + b.data, "--log-level=warn"}, Env: environment(),
		Ready: func(ctx context.Context) error { return answersOK(ctx, b.url+"/readyz") }, ReadyWithin: bankStart,
		StopSignal: os.Interrupt, Grace: bankGrace})
	if err != nil {
		return nil, err
	}
	if err := b.signIn(); err != nil {
		return nil, err
	}
	b.up = ids["up"]
	b.processes = partsOf(b.up)
	l.bank = b
	return b, nil
}

// signIn learns where the parts of a bank of ours are, and gets a token.
func (b *wholeBank) signIn() error {
	text, err := os.ReadFile(filepath.Join(b.data, "run.json"))
	if err != nil {
		return err
	}
	var running struct{ Parts map[string]string }
	if err := json.Unmarshal(text, &running); err != nil {
		return fmt.Errorf("where the bank's parts are: %w", err)
	}
	local, err := issuer.Open(b.data)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	if b.token, err = local.Token("bench", identity.Teller, time.Now(), tokenLife); err != nil {
		return err
	}
	b.parts = running.Parts
	return nil
}

// findBank is the bank that runs already, if it answers and knows the token.
func (l *lab) findBank(ctx context.Context) (*wholeBank, error) {
	b := &wholeBank{url: strings.TrimRight(l.URL, "/"), token: l.Token}
	var got struct{ SystemStatus struct{ Head int64 } }
	if err := l.newGateway(b, 1).ask(ctx, "{ systemStatus { head } }", &got); err != nil {
		return nil, fmt.Errorf("the bank at %s cannot be measured: %w; it has to run, and the token has to be a teller's", l.URL, err)
	}
	l.bank = b
	return b, nil
}

// partsOf are the processes of a bank, by part.
func partsOf(up int) map[string]int {
	parts := map[string]int{}
	for pid, arguments := range childrenOf(up) {
		if name := partName(arguments); name != "" {
			parts[name] = pid
		}
	}
	return parts
}

// partName tells which part of a bank a command line runs.
func partName(arguments []string) string {
	for _, argument := range arguments {
		if app, ok := strings.CutPrefix(argument, "--app-id="); ok {
			return app + " sidecar"
		}
	}
	switch {
	case len(arguments) < 2:
		return ""
	case slices.Contains([]string{"placement", "sentry"}, filepath.Base(arguments[0])):
		return filepath.Base(arguments[0])
	default:
		return arguments[1]
	}
}
