package torture

import (
	"fmt"
	"io"
	"iter"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"corebank/internal/contract"
)

// display shows a person how a run goes.
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
	d.printf("Torture with seed %d: %d clients on %d accounts, %d subscribers, faults %s\n\n",
		c.Seed, c.Clients, c.Accounts, watchers+min(watchers, c.Accounts), until)
	kinds, plan := "", NewPlan(c.Seed, c.Kinds, c.longest())
	if len(c.Kinds) <= shownFaults {
		kinds = ": " + strings.Join(names(c.Kinds), ", ")
	}
	first := make([]string, shownFaults)
	for i := range first {
		f := plan.Next()
		if first[i] = string(f.Kind); f.Lasts > 0 {
			first[i] += " " + seconds(f.Lasts)
		}
	}
	d.printf("  bank   %s\n  faults %d kinds%s\n  first  %s, …\n\n", c.Data, len(c.Kinds), kinds,
		strings.Join(first, ", "))
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
				d.printf("  %s of %s events, about %s left\n", count(n), count(total), left.Round(time.Second))
			}
			if !yield(r) {
				return
			}
		}
	}
}

// done shows that something was done to many events, and how fast.
func (d *display) done(what string, events int, took time.Duration) {
	d.printf("%s after %s, %s events a second.\n", what, seconds(took), count(int(float64(events)/took.Seconds())))
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
	lasts := "-"
	if i.Lasts > 0 {
		lasts = seconds(i.Lasts)
	}
	d.printf("  %6s  %-28s %8s %10s %10s %10.0f   %s\n", minutes(i.At), i.Kind, lasts, seconds(i.Next), seconds(i.Whole),
		rate, done)
}

func (d *display) failed(i Injected, err error) {
	d.printf("  %6s  %-28s VIOLATION: %v\n", minutes(i.At), i.Kind, err)
}

// report shows the result.
func (d *display) report(r Report) {
	table := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "  fault\ttimes\tup to\tnext ack\tworst\tready\tworst\ttarget")
	for _, k := range r.Kinds {
		fmt.Fprintf(table, "  %s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", k.Kind, k.Times, k.Longest,
			k.Next.Median, k.Next.Worst, k.Whole.Median, k.Whole.Worst, k.verdict())
	}
	fmt.Fprint(table, "\nFor what lasts, times are from its end.\n\n")
	for _, f := range r.Findings {
		verdict := "ok"
		if f.Violations > 0 {
			verdict = fmt.Sprintf("%d VIOLATIONS", f.Violations)
		}
		fmt.Fprintf(table, "  %s\t%s\tchecked\t%s\t%s\n", f.Law, humanize.Comma(f.Checked), verdict, f.Sentence)
		for _, example := range f.Examples {
			fmt.Fprintf(table, "      %s\n", example)
		}
	}
	_ = table.Flush() // a person who no longer reads is no fault of the run
	d.totals(r)
	verdict := "no violation: the bank kept its word"
	if r.Violations > 0 {
		verdict = fmt.Sprintf("%d VIOLATIONS: the bank broke its word", r.Violations)
	}
	d.printf("\n%s faults of %d kinds, %s.\n", count(r.Faults), len(r.Kinds), verdict)
}

// verdict says whether the next command was acknowledged in time.
func (k KindReport) verdict() string {
	switch {
	case k.Target == 0:
		return ""
	case k.Met:
		return fmt.Sprintf("within %g s", float64(k.Target))
	default:
		return fmt.Sprintf("OVER %g s", float64(k.Target))
	}
}

// statuses are those of answers, in the order in which they are shown.
var statuses = []contract.Status{
	contract.Applied, contract.Replayed, contract.Refused, contract.Unavailable, contract.Unknown,
}

func (d *display) totals(r Report) {
	total, before := 0, ""
	for _, n := range r.Answers {
		total += n
	}
	if r.Log.Before > 0 {
		before = fmt.Sprintf(", %s of them before the first fault", humanize.Comma(r.Log.Before))
	}
	d.printf("\n  answers      %s:", count(total))
	for _, status := range statuses {
		d.printf(" %s %s", count(r.Answers[status]), status)
	}
	d.printf("\n  log          %s events of %s accounts%s\n", humanize.Comma(r.Log.Events), count(r.Log.Accounts), before)
	d.printf("  subscribers  %d saw %s transactions and resumed %s times\n", r.Subscribers.Count,
		count(r.Subscribers.Seen), count(r.Subscribers.Resumed))
	d.printf("  time         %s\n", time.Duration(float64(r.Took)*float64(time.Second)).Round(time.Second))
}

// String is a time for people; "-" for none.
func (s Seconds) String() string {
	if s == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f s", float64(s))
}

func count(n int) string { return humanize.Comma(int64(n)) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func minutes(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
