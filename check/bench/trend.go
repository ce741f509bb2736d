package bench

import (
	"fmt"
	"slices"
)

// When growth counts as growth, in MiB an hour: beyond flatLeast, and beyond
// flatShare of what there is. A Go heap breathes by more than either from one
// look to the next, but not over an hour.
const (
	flatLeast = 8.0
	flatShare = 0.05
	// judgedAfter is the shortest time, in seconds, that says anything about an
	// hour: caches fill in the first minutes.
	judgedAfter = 1800.0
	// trendPoints bounds the pairs that a slope is the median of.
	trendPoints = 720
)

// slope is by how much the values rise in a unit of time: the median of the
// slopes between any two of them (Theil and Sen). Up to three in ten of the
// values may be anything without moving it far. It is 0 for fewer than two.
func slope(times, values []float64) float64 {
	times, values = thinned(times), thinned(values)
	slopes := make([]float64, 0, len(values)*(len(values)-1)/2)
	for i := range values {
		for j := range i {
			if span := times[i] - times[j]; span > 0 {
				slopes = append(slopes, (values[i]-values[j])/span)
			}
		}
	}
	return middleOf(slopes)
}

// thinned are so many of the values, evenly chosen, as a slope can be made of.
func thinned(values []float64) []float64 {
	if len(values) <= trendPoints {
		return values
	}
	kept := make([]float64, trendPoints)
	for i := range kept {
		kept[i] = values[i*len(values)/trendPoints]
	}
	return kept
}

// middleOf is the median; 0 of nothing.
func middleOf(values []float64) float64 { return figureOf("", "", values).Median }

// verdictOn says in words what memory does: perHour is its growth in MiB an hour
// over all of the time, lateHour that over the second half, of MiB that it has
// for seconds.
func verdictOn(perHour, lateHour, has, seconds float64) string {
	most := max(flatLeast, flatShare*has)
	switch {
	case seconds < judgedAfter:
		return "too short to tell"
	case lateHour > most:
		return fmt.Sprintf("grows %s MiB/h", amount(lateHour))
	case perHour > most:
		return "levels off"
	default:
		return "flat"
	}
}

// between are the values from one share of them to another.
func between(values []float64, from, to float64) []float64 {
	n := float64(len(values))
	first, last := int(n*from), int(n*to)
	if first == last && len(values) > 0 { // too few to divide
		first = min(first, len(values)-1)
		last = first + 1
	}
	return slices.Clip(values[first:last])
}
