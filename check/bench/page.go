package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is the report as its page shows it.
type page struct {
	Environment []string
	Date        string
	Rows        []pageRow
	Charts      []chart
	Ratios      []pageRatio
	Memory      []pageMemory
}

type pageRow struct {
	Name, About, Rate, Spread, P50, P99, P999, CPU string
	Goals                                          []pageGoal
	More                                           []Figure
	Failures                                       []string
}

type pageGoal struct {
	Text string
	Met  bool
}

type pageRatio struct {
	Text string
	Goal *pageGoal
}

// pageMemory is a table of memory.
type pageMemory struct {
	Note    string
	Columns []string // between the first and the last
	Rows    []pageMemoryRow
}

type pageMemoryRow struct {
	Process, Verdict string
	Numbers          []string
}

func (r Report) memoryTables() (tables []pageMemory) {
	for _, result := range r.Results {
		for _, sample := range result.Repeats {
			if len(sample.Memory) == 0 {
				continue
			}
			last := len(memoryColumns) - 1
			table := pageMemory{Note: memoryNoteFor(sample.Memory), Columns: memoryColumns[1:last]}
			for _, m := range sample.Memory {
				table.Rows = append(table.Rows, pageMemoryRow{m.Process, m.Verdict, m.cells()[1:last]})
			}
			tables = append(tables, table)
		}
	}
	return tables
}

// WritePage writes the report as one HTML page, which needs nothing else.
func (r Report) WritePage(out io.Writer) error {
	p := page{Environment: r.environmentText(), Date: r.Began.Format("2006-01-02"),
		Charts: append(r.rateCharts(), r.waitChart(), r.cpuChart()), Memory: r.memoryTables()}
	p.Charts = append(r.memoryCharts(), p.Charts...)
	for _, result := range r.Results {
		p.Rows = append(p.Rows, rowOf(result))
	}
	for _, ratio := range r.Ratios {
		row := pageRatio{Text: fmt.Sprintf("%s / %s: %.2f (%.2f to %.2f)", ratio.Over, ratio.Under, ratio.Median, ratio.Least, ratio.Most)}
		if ratio.Goal > 0 {
			row.Goal = &pageGoal{fmt.Sprintf("≥ %.2f", ratio.Goal), ratio.Median >= ratio.Goal}
		}
		p.Ratios = append(p.Ratios, row)
	}
	return pageTemplate.Execute(out, p)
}

func rowOf(r Result) pageRow {
	row := pageRow{Name: r.Name, About: r.About, Rate: "–", Spread: "–", P50: waitText(r, figureP50), P99: waitText(r, figureP99),
		P999: waitText(r, figureP999), CPU: cpuText(r), More: r.otherFigures()}
	if rate, ok := r.figure(figureRate); ok {
		row.Rate, row.Spread = amount(rate.Median)+" "+rate.Unit, spreadText(rate)
	}
	for _, g := range r.Goals {
		row.Goals = append(row.Goals, pageGoal{fmt.Sprintf("%s %s", g.Figure, g), g.Met})
	}
	if r.Failed > 0 {
		row.Failures = append([]string{fmt.Sprintf("%d calls failed", r.Failed)}, r.failures()...)
	}
	return row
}

// Text is the figure for people, with its extremes where they differ.
func (f Figure) Text() string {
	if amount(f.Least) == amount(f.Most) {
		return amount(f.Median) + " " + f.Unit
	}
	return fmt.Sprintf("%s %s (%s to %s)", amount(f.Median), f.Unit, amount(f.Least), amount(f.Most))
}
