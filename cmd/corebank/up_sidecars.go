package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"corebank/localbank/sidecars"
)

// How often a build that has nothing new to say says so.
const (
	terminalEvery = time.Second
	logEvery      = 10 * time.Second
)

// findSidecars finds or builds Dapr's programs and shows how a build goes on.
func findSidecars(ctx context.Context, out io.Writer) (sidecars.Programs, error) {
	show := newBuildDisplay(out)
	defer show.close()
	finder, err := sidecars.DefaultFinder(show.report)
	if err != nil {
		return sidecars.Programs{}, err
	}
	return finder.Find(ctx)
}

// buildDisplay shows a build in one line of a terminal, or as a line now and
// then elsewhere.
type buildDisplay struct {
	out      io.Writer
	terminal bool
	every    time.Duration
	done     chan struct{}
	ended    chan struct{}

	mu     sync.Mutex
	began  time.Time // of the build; zero if there is none
	latest sidecars.Progress
	shown  time.Time
}

func newBuildDisplay(out io.Writer) *buildDisplay {
	d := &buildDisplay{out: out, terminal: isTerminal(out), every: logEvery, done: make(chan struct{}), ended: make(chan struct{})}
	if d.terminal {
		d.every = terminalEvery
	}
	go d.run()
	return d
}

// isTerminal reports whether a person watches the output.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (d *buildDisplay) run() {
	defer close(d.ended)
	ticker := time.NewTicker(d.every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			d.mu.Lock()
			d.show()
			d.mu.Unlock()
		case <-d.done:
			return
		}
	}
}

// report takes what a build reports.
func (d *buildDisplay) report(p sidecars.Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := d.began.IsZero()
	if first {
		d.began = time.Now()
		fmt.Fprintf(d.out, "Dapr %s is not there yet and is built now, once: some minutes, and about 270 MB to download\n", sidecars.Minor)
	}
	step := p.Step != d.latest.Step
	d.latest = p
	// A terminal shows each change, but no more than a few a second.
	if first || step || d.terminal && time.Since(d.shown) > d.every/5 {
		d.show()
	}
}

// show prints the latest progress. It is called with the lock held.
func (d *buildDisplay) show() {
	if d.began.IsZero() {
		return
	}
	d.shown = time.Now()
	text := fmt.Sprintf("  %s  %s", time.Since(d.began).Round(time.Second), describe(d.latest))
	if d.terminal {
		fmt.Fprintf(d.out, "\r%-78.78s", text) // over the last one, in one line
		return
	}
	fmt.Fprintln(d.out, text)
}

func describe(p sidecars.Progress) string {
	var text strings.Builder
	text.WriteString(p.Step)
	switch {
	case p.Total > 0:
		fmt.Fprintf(&text, " package %d of at most %d", p.Done, p.Total)
	case p.Done > 0:
		fmt.Fprintf(&text, " module %d", p.Done)
	}
	if p.Item != "" {
		text.WriteString(": " + p.Item)
	}
	return text.String()
}

// close ends the display.
func (d *buildDisplay) close() {
	close(d.done)
	<-d.ended
	if d.terminal && !d.began.IsZero() {
		fmt.Fprintln(d.out)
	}
}
