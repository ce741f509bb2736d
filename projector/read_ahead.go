package projector

import (
	"context"
	"sync"

	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// pagesAhead is how many pages of the log are requested while one is folded.
const pagesAhead = 3

// readAheadLog requests the next pages of a long log in advance. A page passes
// through four processes before it arrives here. Requested one at a time, the
// processes would wait for each other: a rebuild of 200,000 events then reached
// 35,000 events a second instead of 41,000.
type readAheadLog struct {
	logclient.Log

	mu    sync.Mutex
	pages map[int64]<-chan logPage // by the position before the page; at most pagesAhead
}

type logPage struct {
	reply contract.Records
	err   error
}

func newReadAheadLog(log logclient.Log) *readAheadLog {
	return &readAheadLog{Log: log, pages: make(map[int64]<-chan logPage)}
}

// ReadAll returns the records after a position. A page whose request in advance
// failed is requested again. The last pages before the head are never requested
// in advance, so that a caller that reads to the end learns the newest head.
func (l *readAheadLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	if r.Certain {
		return l.Log.ReadAll(ctx, r)
	}
	page := l.take(r)
	if page.err != nil || len(page.reply.Records) == 0 {
		page.reply, page.err = l.Log.ReadAll(ctx, r)
	}
	if page.err == nil && r.Limit > 0 && len(page.reply.Records) == r.Limit {
		l.requestNext(ctx, r, page.reply.Head)
	}
	return page.reply, page.err
}

// take returns the page if it was requested in advance; otherwise it is empty.
func (l *readAheadLog) take(r contract.ReadAllRequest) logPage {
	l.mu.Lock()
	page := l.pages[r.AfterPosition]
	delete(l.pages, r.AfterPosition)
	l.mu.Unlock()
	if page == nil {
		return logPage{}
	}
	got := <-page // it ends with the context of the read that requested it
	if len(got.reply.Records) > r.Limit {
		return logPage{} // requested with another limit
	}
	return got
}

// requestNext requests the pages after the one of r and drops all others.
func (l *readAheadLog) requestNext(ctx context.Context, r contract.ReadAllRequest, head int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wanted := make(map[int64]<-chan logPage, pagesAhead)
	for n := range int64(pagesAhead) {
		next := contract.ReadAllRequest{AfterPosition: r.AfterPosition + (n+1)*int64(r.Limit), Limit: r.Limit}
		if next.AfterPosition+2*int64(r.Limit) > head {
			break
		}
		page := l.pages[next.AfterPosition]
		if page == nil {
			page = l.request(ctx, next)
		}
		wanted[next.AfterPosition] = page
	}
	l.pages = wanted
}

func (l *readAheadLog) request(ctx context.Context, r contract.ReadAllRequest) <-chan logPage {
	page := make(chan logPage, 1) // the page may never be received
	go func() {
		reply, err := l.Log.ReadAll(ctx, r)
		page <- logPage{reply, err}
	}()
	return page
}
