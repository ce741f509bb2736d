package bench

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteTable writes the report as text.
func (r Report) WriteTable(out io.Writer) error {
	text := new(strings.Builder)
	fmt.Fprintln(text, strings.Join(r.Environment(), "\n"))
	fmt.Fprintln(text)
	rows := [][]string{{"CASE", "RATE", "SPREAD", "P50", "P99", "CPU/OP", "TARGET"}}
	for _, result := range r.Results {
		rows = append(rows, []string{result.Name, result.RateText(), result.SpreadText(), result.WaitText(figureP50),
			result.WaitText(figureP99), result.CPUText(), result.goalsText()})
	}
	writeRows(text, rows)
	if len(r.Ratios) > 0 {
		fmt.Fprintln(text, "\nRatios within the same repeats (median, least to most)")
	}
	for _, ratio := range r.Ratios {
		fmt.Fprintf(text, "  %s", ratio.Text())
		if ratio.Goal > 0 {
			fmt.Fprintf(text, "  target %s %s", ratio.GoalText(), verdict(ratio.Met()))
		}
		fmt.Fprintln(text)
	}
	for _, result := range r.Results {
		result.writeDetails(text)
	}
	_, err := io.WriteString(out, text.String())
	return err
}

// writeRows aligns rows in columns.
func writeRows(out io.Writer, rows [][]string) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t")+"\t")
	}
	_ = table.Flush() // into memory
}

// writeDetails writes what the table has no column for.
func (r Result) writeDetails(out io.Writer) {
	text := new(strings.Builder)
	for _, f := range r.OtherFigures() {
		fmt.Fprintf(text, "  %s: %s\n", f.Name, f.Text())
	}
	if len(r.CPU) > 0 {
		var parts []string
		for _, name := range byTime(r.CPU) {
			parts = append(parts, name+" "+amount(r.CPU[name]))
		}
		fmt.Fprintf(text, "  processor time, µs: %s\n", strings.Join(parts, ", "))
	}
	if failures := r.FailureTexts(); len(failures) > 0 {
		fmt.Fprintf(text, "  %s: %s\n", failures[0], strings.Join(failures[1:], "; "))
	}
	if text.Len() > 0 {
		fmt.Fprintf(out, "\n%s: %s\n%s", r.Name, r.About, text)
	}
	for _, table := range r.MemoryTables() {
		fmt.Fprintf(out, "\n%s\n", table.Note)
		rows := [][]string{strings.Split(strings.ToUpper(strings.Join(table.Columns, "\t")), "\t")}
		writeRows(out, append(rows, table.Rows...))
	}
}

// OtherFigures are those that not every case has.
func (r Result) OtherFigures() []Figure {
	return slices.DeleteFunc(slices.Clone(r.Figures), func(f Figure) bool {
		return slices.Contains([]string{figureRate, figureP50, figureP90, figureP99, figureP999, figureMax}, f.Name)
	})
}

// FailureTexts are the number of failed calls and some reasons; nil for none.
func (r Result) FailureTexts() []string {
	if r.Failed == 0 {
		return nil
	}
	var reasons []string
	for _, s := range r.Repeats {
		reasons = append(reasons, s.Failures...)
	}
	slices.Sort(reasons)
	reasons = slices.Compact(reasons)
	return append([]string{fmt.Sprintf("%d calls failed", r.Failed)}, reasons[:min(len(reasons), maxFailures)]...)
}

// figureText formats a figure; "–" if there is none.
func (r Result) figureText(name string, format func(Figure) string) string {
	f, ok := r.figure(name)
	if !ok {
		return "–"
	}
	return format(f)
}

// RateText is the rate for people.
func (r Result) RateText() string {
	return r.figureText(figureRate, func(f Figure) string { return amount(f.Median) + " " + f.Unit })
}

// SpreadText is half the distance of the rate's extremes, as a share of the median.
func (r Result) SpreadText() string {
	return r.figureText(figureRate, func(f Figure) string { return fmt.Sprintf("±%.0f %%", 50*f.Spread()) })
}

// WaitText is a figure of the waits for people.
func (r Result) WaitText(name string) string {
	return r.figureText(name, func(f Figure) string { return milliseconds(f.Median) })
}

// CPUText is the processor time of an operation for people.
func (r Result) CPUText() string {
	if len(r.CPU) == 0 {
		return "–"
	}
	return amount(r.CPUTotal()) + " µs"
}

func (r Result) goalsText() string {
	var parts []string
	for _, g := range r.Goals {
		parts = append(parts, fmt.Sprintf("%s %s %s", g.Figure, g, verdict(g.Met)))
	}
	return strings.Join(parts, ", ")
}

// Text is the figure for people, with its extremes where they differ.
func (f Figure) Text() string {
	if amount(f.Least) == amount(f.Most) {
		return amount(f.Median) + " " + f.Unit
	}
	return fmt.Sprintf("%s %s (%s to %s)", amount(f.Median), f.Unit, amount(f.Least), amount(f.Most))
}

// Text is the ratio for people.
func (r Ratio) Text() string {
	return fmt.Sprintf("%s / %s: %.2f (%.2f to %.2f)", r.Over, r.Under, r.Median, r.Least, r.Most)
}

// GoalText is the goal for people.
func (r Ratio) GoalText() string { return fmt.Sprintf("≥ %.2f", r.Goal) }

// Met reports whether the ratio reaches its goal.
func (r Ratio) Met() bool { return r.Median >= r.Goal }

// MemoryTable describes the memory of processes in one repeat.
type MemoryTable struct {
	Note    string
	Columns []string
	Rows    [][]string
}

const memoryNote = "Resident memory in MiB, read every %s: medians after the first tenth, in the middle and of the " +
	"last tenth; the highest; the part of the last that belongs to no file. Growth is the median of the slopes between " +
	"any two readings (Theil and Sen), by the hour, after the first tenth and in the second half. Memory is flat below " +
	"%g MiB/h or %g %% of what there is, whichever is more. Caches fill first, each up to a bound: docs/scaling.md has " +
	"them."

// MemoryTables has a table for each repeat whose memory was monitored.
func (r Result) MemoryTables() (tables []MemoryTable) {
	for _, sample := range r.Repeats {
		if len(sample.Memory) == 0 {
			continue
		}
		table := MemoryTable{Note: fmt.Sprintf(memoryNote, intervalText(sample.Memory), flatMin, 100*flatShare),
			Columns: []string{"Process", "Warm", "Middle", "Last", "Highest", "Own", "Growth/h", "Late/h", "Verdict"}}
		for _, m := range sample.Memory {
			table.Rows = append(table.Rows, []string{m.Process, amount(m.Early), amount(m.Mid), amount(m.Late), amount(m.Most),
				amount(m.Own), signed(m.PerHour), signed(m.LateHour), m.Verdict})
		}
		tables = append(tables, table)
	}
	return tables
}

// intervalText is the interval of the readings for people.
func intervalText(all []Memory) string {
	for _, m := range all {
		if n := len(m.Looks); n > 1 {
			return amount((m.Looks[n-1].Seconds-m.Looks[0].Seconds)/float64(n-1)) + " s"
		}
	}
	return "once"
}

// byTime are the names of processes, the most expensive first.
func byTime(cpu map[string]float64) []string {
	return slices.SortedFunc(maps.Keys(cpu), func(a, b string) int {
		return cmp.Or(cmp.Compare(cpu[b], cpu[a]), strings.Compare(a, b))
	})
}

func verdict(met bool) string {
	if met {
		return "✓"
	}
	return "missed"
}

func milliseconds(ms float64) string { return amount(ms) + " ms" }

// amount is a number with three significant digits, or all before the point.
func amount(v float64) string {
	switch size := math.Abs(v); {
	case size >= 1000:
		return thousands(int64(math.Round(v)))
	case size >= 100:
		return fmt.Sprintf("%.0f", v)
	case size >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// signed is an amount with its sign.
func signed(v float64) string {
	if math.Signbit(v) {
		return amount(v)
	}
	return "+" + amount(v)
}

func thousands(n int64) string {
	if n < 0 {
		return "-" + thousands(-n)
	}
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(int64(n)) + " " + what + "s"
}
