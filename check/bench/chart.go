package bench

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// The places in a chart, in its own units: names to the left, the scale beside
// them.
const (
	chartLeft   = 190.0
	chartWidth  = 560.0
	chartRight  = 110.0
	rowHeight   = 30.0
	chartTop    = 26.0
	barHeight   = 16.0
	colours     = 8 // that the page has
	widestChart = chartLeft + chartWidth + chartRight
)

// chart is rows of marks over one scale.
type chart struct {
	Title, Note   string
	Width, Height float64
	Ticks         []tickMark
	Rows          []chartRow
	Legend        []legendEntry

	each float64 // height of a row; 0 for the usual
}

type tickMark struct {
	X    float64
	Text string
}

type chartRow struct {
	Y, Middle, TextY float64
	Name             string
	Bars             []bar
	Ranges           []bar // from the least to the most
	Dots             []dot
	Line             string // points of a curve
	Value            string
	ValueX           float64
}

type bar struct {
	X, Y, Width, Height float64
	Colour              int
	Title               string
}

type dot struct {
	X, Y   float64
	Colour int
	Title  string
}

type legendEntry struct {
	X, Y, TextX, TextY float64
	Colour             int
	Text               string
}

func (c *chart) row(name string) *chartRow {
	y := c.bottom()
	middle := y + c.height()/2
	c.Rows = append(c.Rows, chartRow{Y: y, Middle: middle, TextY: middle + 4, Name: name})
	return &c.Rows[len(c.Rows)-1]
}

func (c *chart) height() float64 { return cmp.Or(c.each, rowHeight) }

// bottom is where the rows end.
func (c *chart) bottom() float64 { return chartTop + c.height()*float64(len(c.Rows)) }

func (r *chartRow) bar(from, to float64, colour int, title string) {
	r.Bars = append(r.Bars, bar{from, r.Middle - barHeight/2, math.Max(to-from, 0), barHeight, colour, title})
}

// finish sets the size of the chart and names its colours below it.
func (c *chart) finish(names []string) chart {
	y := c.bottom() + 14
	x := chartLeft
	for i, name := range names {
		width := 30 + 7.5*float64(len(name))
		if x+width > widestChart {
			x, y = chartLeft, y+20
		}
		c.Legend = append(c.Legend, legendEntry{x, y, x + 16, y + 10, i % colours, name})
		x += width
	}
	c.Width, c.Height = widestChart, y+24
	return *c
}

// linear marks a scale from 0 to most and returns where a value stands on it.
func (c *chart) linear(most float64, unit string) func(float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(math.Max(most, 1e-9))))
	for most/step < 3 {
		step /= 2
	}
	at := func(v float64) float64 { return chartLeft + chartWidth*v/most }
	for v := 0.0; v <= most; v += step {
		c.Ticks = append(c.Ticks, tickMark{at(v), amount(v)})
	}
	c.Note = unit
	return at
}

// logarithmic marks a scale of powers of ten.
func (c *chart) logarithmic(least, most float64, unit string) func(float64) float64 {
	from, to := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	if from == to {
		to++
	}
	at := func(v float64) float64 { return chartLeft + chartWidth*(math.Log10(v)-from)/(to-from) }
	for p := from; p <= to; p++ {
		c.Ticks = append(c.Ticks, tickMark{at(math.Pow(10, p)), fmt.Sprintf("%g", math.Pow(10, p))})
	}
	c.Note = unit
	return at
}

// scales are the units that stand beside each other in a chart. Others are too
// far apart to share one.
var scales = []struct {
	title string
	units []string
}{
	{"Events a second", []string{"events"}},
	{"Commands a second", []string{"deposits", "movements", "commands", "calls"}},
	{"Reads a second", []string{"queries", "pages"}},
	{"Deliveries a second", []string{"deliveries"}},
}

// rateCharts show what each case does in a second, and how far apart its
// repeats are.
func (r Report) rateCharts() []chart {
	var charts []chart
	for _, scale := range scales {
		alike := slices.DeleteFunc(slices.Clone(r.Results), func(result Result) bool { return !slices.Contains(scale.units, result.Unit) })
		if c := rateChart(scale.title, alike); len(c.Rows) > 0 {
			charts = append(charts, c)
		}
	}
	return charts
}

func rateChart(title string, results []Result) chart {
	c := chart{Title: title}
	most := 0.0
	for _, result := range results {
		f, _ := result.figure(figureRate)
		most = math.Max(most, f.Most)
	}
	if most == 0 {
		return chart{}
	}
	at := c.linear(most, "the median as a bar, each repeat as a dot")
	for _, result := range results {
		f, ok := result.figure(figureRate)
		if !ok {
			continue
		}
		row := c.row(result.Name)
		row.bar(chartLeft, at(f.Median), 0, fmt.Sprintf("%s: %s", result.Name, f.Text()))
		for i, s := range result.Repeats {
			if v, ok := s.value(figureRate); ok {
				row.Dots = append(row.Dots, dot{at(v), row.Middle, 1, fmt.Sprintf("repeat %d: %s %s", i+1, amount(v), f.Unit)})
			}
		}
		row.Value, row.ValueX = amount(f.Median), at(f.Most)+8
	}
	return c.finish(nil)
}

// waitChart shows how long calls take.
func (r Report) waitChart() chart {
	names := []string{figureP50, figureP90, figureP99, figureP999, figureMost}
	c := chart{Title: "Waits"}
	least, most := math.Inf(1), 0.0
	for _, result := range r.Results {
		for _, name := range names {
			if f, ok := result.figure(name); ok && f.Median > 0 {
				least, most = math.Min(least, f.Median), math.Max(most, f.Median)
			}
		}
	}
	if most == 0 {
		return chart{}
	}
	at := c.logarithmic(least, most, "milliseconds from asking to being answered, each step ten times the one before")
	for _, result := range r.Results {
		if _, ok := result.figure(figureP50); !ok {
			continue
		}
		row := c.row(result.Name)
		for i, name := range names {
			if f, ok := result.figure(name); ok && f.Median > 0 {
				row.Dots = append(row.Dots, dot{at(f.Median), row.Middle, i, fmt.Sprintf("%s %s: %s", result.Name, name, f.Text())})
			}
		}
		first, last := row.Dots[0], row.Dots[len(row.Dots)-1]
		row.Ranges = append(row.Ranges, bar{X: first.X, Y: row.Middle - 1, Width: last.X - first.X, Height: 2})
	}
	return c.finish(names)
}

// cpuChart shows which process spends how much on one operation.
func (r Report) cpuChart() chart {
	c := chart{Title: "Processor time of one operation"}
	total, most := make(map[string]float64), 0.0
	for _, result := range r.Results {
		most = math.Max(most, result.CPUTotal())
		for name, micros := range result.CPU {
			total[name] += micros
		}
	}
	if most == 0 {
		return chart{}
	}
	names := byShare(total)
	at := c.linear(most, "microseconds, by process")
	for _, result := range r.Results {
		if len(result.CPU) == 0 {
			continue
		}
		row, from := c.row(result.Name), 0.0
		for _, name := range byShare(result.CPU) {
			row.bar(at(from), at(from+result.CPU[name]), slices.Index(names, name)%colours, fmt.Sprintf("%s: %s µs", name, amount(result.CPU[name])))
			from += result.CPU[name]
		}
		row.Value, row.ValueX = amount(from), at(from)+8
	}
	return c.finish(names)
}
