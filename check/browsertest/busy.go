package browsertest

import (
	"context"
	"time"

	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
)

// Busy returns which share of the time the page's main thread works while work
// runs, from 0 to 1. It counts the thread's own processor time: other programs on
// the machine do not make a page busy.
func (p *Page) Busy(work func()) float64 {
	p.t.Helper()
	p.Do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, performance.Enable, performance.EnableParams{
			TimeDomain: performance.EnableTimeDomainThreadTicks})
		return err
	}))
	before, began := p.taskSeconds(), time.Now()
	work()
	return (p.taskSeconds() - before) / time.Since(began).Seconds()
}

// taskSeconds is how long the main thread has worked so far.
func (p *Page) taskSeconds() (seconds float64) {
	p.t.Helper()
	p.Do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		got, err := chromedp.Call(ctx, performance.GetMetrics, struct{}{})
		if err != nil {
			return err
		}
		for _, metric := range got.Metrics {
			if metric.Name == "TaskDuration" {
				seconds = metric.Value
			}
		}
		return nil
	}))
	return seconds
}
