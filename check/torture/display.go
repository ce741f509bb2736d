package torture

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"text/tabwriter"
	"text/template"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/internal/contract"
)

// display shows a person how a run goes. One who no longer reads is no fault of it.
type display struct {
	out     io.Writer
	applied int           // commands, when the last line was written
	at      time.Duration // when it was
}

func (d *display) printf(format string, values ...any) { fmt.Fprintf(d.out, format, values...) }

// shownFaults bounds the faults and kinds that are listed before a run begins.
const shownFaults = 12

// plan shows what will be done.
func (d *display) plan(c Config) {
	until := fmt.Sprintf("for %v", c.Duration)
	if c.Each > 0 {
		until = fmt.Sprintf("until each kind has happened %d times", c.Each)
	}
	kinds := ""
	if len(c.Kinds) <= shownFaults {
		kinds = ": " + strings.Join(names(c.Kinds), ", ")
	}
	d.printf("Torture with seed %d: %d clients on %d accounts, %d subscribers, faults %s\n\n"+
		"  bank   %s\n  faults %d kinds%s\n  first  ", c.Seed, c.Clients, c.Accounts, watchers+min(watchers, c.Accounts),
		until, c.Data, len(c.Kinds), kinds)
	for plan, n := NewPlan(c.Seed, c.Kinds, c.longest()), 0; n < shownFaults; n++ {
		f := plan.Next()
		d.printf("%s", f.Kind)
		if f.Lasts > 0 {
			d.printf(" %s", seconds(f.Lasts))
		}
		d.printf(", ")
	}
	d.printf("…\n\n")
}

// fillingEvery is after how many events the filling of the log shows itself.
const fillingEvery = 100_000

// filling shows how the log is filled.
func (d *display) filling(records iter.Seq[contract.Record], total int) iter.Seq[contract.Record] {
	return func(yield func(contract.Record) bool) {
		began, n := time.Now(), 0
		for r := range records {
			if n++; n%fillingEvery == 0 && n < total {
				left := time.Since(began) * time.Duration(total-n) / time.Duration(n)
				d.printf("  %s of %s events, about %s left\n", comma(n), comma(total), left.Round(time.Second))
			}
			if !yield(r) {
				return
			}
		}
	}
}

// done shows that something was done to many events, and how fast.
func (d *display) done(what string, events int, took time.Duration) {
	d.printf("%s after %s, %s events a second.\n", what, seconds(took), comma(int(float64(events)/took.Seconds())))
}

func (d *display) ready(at time.Duration, c Config) {
	d.at = at
	d.printf("The bank is ready with %d accounts after %s.\n\n", c.Accounts, seconds(at))
	d.printf("  %6s  %-28s %8s %10s %10s %10s   %s\n", "at", "fault", "lasts", "next ack", "ready", "acked/s", "done")
}

// injected shows one fault, and how far the run is.
func (d *display) injected(i Injected, applied int, at time.Duration, done progress) {
	rate := float64(applied-d.applied) / max((at-d.at).Seconds(), 0.001)
	d.applied, d.at = applied, at
	d.printf("  %6s  %-28s %8s %10s %10s %10.0f   %s\n", minutes(i.At.Duration()), i.Kind, i.Lasts, i.Next, i.Whole, rate,
		done)
}

func (d *display) failed(i Injected, err error) {
	d.printf("  %6s  %-28s VIOLATION: %v\n", minutes(i.At.Duration()), i.Kind, err)
}

//go:embed report.txt
var reportText string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{"comma": comma,
	"round": func(s Seconds) time.Duration { return s.Duration().Round(time.Second) },
	"statuses": func() []contract.Status { // in the order in which they are shown
		return []contract.Status{contract.Applied, contract.Replayed, contract.Refused, contract.Unavailable,
			contract.Unknown}
	}}).Parse(reportText))

// report shows the result.
func (d *display) report(r Report) error {
	text := new(strings.Builder)
	table := tabwriter.NewWriter(text, 0, 0, 2, ' ', 0)
	err := errors.Join(reportTemplate.Execute(table, r), table.Flush())
	d.printf("%s", text)
	return err
}

// Verdict says whether the next command was acknowledged in time.
func (k KindReport) Verdict() string {
	switch {
	case k.Target == 0:
		return ""
	case k.Met:
		return fmt.Sprintf("within %g s", float64(k.Target))
	default:
		return fmt.Sprintf("OVER %g s", float64(k.Target))
	}
}

// String is a time for people; "-" for none.
func (s Seconds) String() string {
	if s == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f s", float64(s))
}

// comma writes a whole number for people.
func comma(n any) string { return humanize.Comma(reflect.ValueOf(n).Int()) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func minutes(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
