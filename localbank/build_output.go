package localbank

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"corebank/internal/terminal"
	"corebank/localbank/sidecars"
)

// How often the progress of a build is shown when nothing has changed.
const (
	everyOnTerminal = time.Second
	everyElsewhere  = 10 * time.Second
)

// maxWidth is the width of a terminal's line: a longer one could not be replaced.
const maxWidth = 78

// buildOutput shows how the build of Dapr goes on.
type buildOutput struct {
	out   io.Writer
	every time.Duration
	done  chan struct{}
	ended chan struct{}

	mu     sync.Mutex
	line   *terminal.Line
	began  time.Time // of the build; zero if there is none
	step   time.Time // when its step began
	latest sidecars.Progress
	shown  time.Time
}

func newBuildOutput(out io.Writer) *buildOutput {
	b := &buildOutput{out: out, line: terminal.NewLine(out), every: everyElsewhere, done: make(chan struct{}),
		ended: make(chan struct{})}
	if b.line.Terminal {
		b.every = everyOnTerminal
	}
	go b.run()
	return b
}

func (b *buildOutput) run() {
	defer close(b.ended)
	ticker := time.NewTicker(b.every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.mu.Lock()
			b.show()
			b.mu.Unlock()
		case <-b.done:
			return
		}
	}
}

// report takes the progress of a build.
func (b *buildOutput) report(p sidecars.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	first := b.began.IsZero()
	if first {
		b.began = time.Now()
		fmt.Fprintf(b.out, "Dapr %s is not installed and is now built, once: a download of about 270 MB, then about\n"+
			"six minutes on two processors. The archives of releases have it.\n", sidecars.Minor)
	}
	nextStep := p.Step != b.latest.Step
	if nextStep {
		b.step = time.Now()
	}
	b.latest = p
	// A terminal shows each change, but only a few a second.
	if first || nextStep || b.line.Terminal && time.Since(b.shown) > b.every/5 {
		b.show()
	}
}

// show prints the latest progress. b.mu is held.
func (b *buildOutput) show() {
	if b.began.IsZero() {
		return
	}
	b.shown = time.Now()
	text := fmt.Sprintf("  %s, after %s", describe(b.latest, time.Since(b.step)),
		time.Since(b.began).Round(time.Second))
	if b.line.Terminal {
		text = fmt.Sprintf("%.*s", maxWidth, text)
	}
	b.line.Show(text)
}

// steps are those of a build, in their order.
var steps = []string{sidecars.Downloading, sidecars.Compiling}

// minShare is how much of a step must be done, as 1 of so many parts, before it says
// when the rest will be.
const minShare = 20

// describe says which step it is, of how many, how far it is, and about how long the
// rest takes. What is being compiled tells no one anything.
func describe(p sidecars.Progress, took time.Duration) string {
	var text strings.Builder
	if i := slices.Index(steps, p.Step); i >= 0 {
		fmt.Fprintf(&text, "step %d of %d, ", i+1, len(steps))
	}
	text.WriteString(p.Step)
	switch {
	case p.Total > 0:
		fmt.Fprintf(&text, ": %d of %d packages", p.Done, p.Total)
	case p.Done > 0:
		fmt.Fprintf(&text, ": %d modules", p.Done)
	}
	if p.Total > 0 && p.Done*minShare >= p.Total {
		left := time.Duration(float64(took) / float64(p.Done) * float64(p.Total-p.Done))
		fmt.Fprintf(&text, ", about %s left", left.Round(10*time.Second))
	}
	return text.String()
}

// close ends the output.
func (b *buildOutput) close() {
	close(b.done)
	<-b.ended
	b.line.End()
}
