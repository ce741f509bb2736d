package bench

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// memoryNote says what the columns of a memory table are.
const memoryNote = "Resident memory in MiB, a look every %s: medians after the first tenth, in the middle and of the last tenth; the highest; " +
	"what of the last belongs to no file. Growth is the median of the slopes between any two looks (Theil and Sen), by the hour, after the first tenth and in the second half. " +
	"Memory is flat below %g MiB/h or %g %% of what there is, whichever is more. Caches fill first, each up to a bound: docs/scaling.md has them."

func memoryNoteFor(all []Memory) string {
	return fmt.Sprintf(memoryNote, lookText(all), flatLeast, 100*flatShare)
}

// lookText is how far apart the looks were, in words.
func lookText(all []Memory) string {
	for _, m := range all {
		if n := len(m.Looks); n > 1 {
			return amount((m.Looks[n-1].Seconds-m.Looks[0].Seconds)/float64(n-1)) + " s"
		}
	}
	return "once"
}

// memoryColumns head a table of memory.
var memoryColumns = []string{"Process", "Warm", "Middle", "Last", "Highest", "Own", "Growth/h", "Late/h", "Verdict"}

// cells are a process's row in a table.
func (m Memory) cells() []string {
	return []string{m.Process, amount(m.Early), amount(m.Mid), amount(m.Late), amount(m.Most), amount(m.Own),
		signed(m.PerHour), signed(m.LateHour), m.Verdict}
}

// signed is an amount with its sign.
func signed(v float64) string {
	text := amount(v)
	if math.Signbit(v) {
		return text
	}
	return "+" + text
}

// writeMemory writes what became of the processes' memory in each repeat.
func (r Result) writeMemory(out io.Writer) {
	for _, sample := range r.Repeats {
		if len(sample.Memory) == 0 {
			continue
		}
		fmt.Fprintf(out, "\n%s\n", memoryNoteFor(sample.Memory))
		table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, strings.ToUpper(strings.Join(memoryColumns, "\t"))+"\t")
		for _, m := range sample.Memory {
			fmt.Fprintln(table, strings.Join(m.cells(), "\t")+"\t")
		}
		_ = table.Flush() // into memory
	}
}

// A chart of memory has a row for each process, with a scale of its own: what
// matters is whether it is level.
const (
	lineRowHeight = 46.0
	lineHeight    = 38.0
)

// memoryCharts show memory over time, one chart for each repeat that watched it.
func (r Report) memoryCharts() (charts []chart) {
	for _, result := range r.Results {
		for i, sample := range result.Repeats {
			if len(sample.Memory) == 0 {
				continue
			}
			title := "Memory over time"
			if len(result.Repeats) > 1 {
				title += ", repeat " + strconv.Itoa(i+1)
			}
			charts = append(charts, memoryChart(title, sample.Memory))
		}
	}
	return charts
}

func memoryChart(title string, all []Memory) chart {
	c, longest := chart{Title: title, each: lineRowHeight}, 0.0
	for _, m := range all {
		if n := len(m.Looks); n > 0 {
			longest = max(longest, m.Looks[n-1].Seconds)
		}
	}
	if longest == 0 {
		return chart{}
	}
	unit, of := "seconds", 1.0
	if longest >= 600 {
		unit, of = "minutes", 60
	}
	at := c.linear(longest/of, unit+" from left to right; each process from nothing to its own highest")
	for _, m := range all {
		if m.Most == 0 {
			continue
		}
		row := c.row(m.Process)
		var points strings.Builder
		for _, look := range m.Looks {
			fmt.Fprintf(&points, "%.1f,%.1f ", at(look.Seconds/of), row.Middle+lineHeight/2-lineHeight*look.MiB/m.Most)
		}
		row.Line = strings.TrimSpace(points.String())
		row.Value, row.ValueX = strings.Replace(m.Verdict, "grows ", "+", 1), chartLeft+chartWidth+8
	}
	return c.finish(nil)
}
