package projector

import (
	"context"
	"sync"

	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// pagesAhead is how many pages of the log are on their way while one is folded.
const pagesAhead = 3

// aheadLog reads a long log ahead. A page passes through four processes before
// it is here; asked for one after the other, they would take turns in working,
// and a rebuild of 200,000 events did 35,000 a second in the place of 41,000.
type aheadLog struct {
	logclient.Log

	mu    sync.Mutex
	pages map[int64]<-chan logPage // by the position before them; at most pagesAhead
}

type logPage struct {
	reply contract.Records
	err   error
}

func newAheadLog(log logclient.Log) *aheadLog {
	return &aheadLog{Log: log, pages: make(map[int64]<-chan logPage)}
}

// ReadAll gives the records after a position. What was read ahead in vain is
// read again. The last pages before the head are never read ahead, so that who
// reads to the end hears of the newest head.
func (l *aheadLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	page := l.take(r)
	if page.err != nil || len(page.reply.Records) == 0 {
		page.reply, page.err = l.Log.ReadAll(ctx, r)
	}
	if page.err == nil && r.Limit > 0 && len(page.reply.Records) == r.Limit {
		l.ask(ctx, r, page.reply.Head)
	}
	return page.reply, page.err
}

// take is the page that was asked for ahead; empty if none was.
func (l *aheadLog) take(r contract.ReadAllRequest) logPage {
	l.mu.Lock()
	page := l.pages[r.AfterPosition]
	delete(l.pages, r.AfterPosition)
	l.mu.Unlock()
	if page == nil {
		return logPage{}
	}
	got := <-page // it ends with the context of the read that asked for it
	if len(got.reply.Records) > r.Limit {
		return logPage{} // another limit
	}
	return got
}

// ask asks for the pages after the one of r and forgets all others.
func (l *aheadLog) ask(ctx context.Context, r contract.ReadAllRequest, head int64) {
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
			page = l.read(ctx, next)
		}
		wanted[next.AfterPosition] = page
	}
	l.pages = wanted
}

func (l *aheadLog) read(ctx context.Context, r contract.ReadAllRequest) <-chan logPage {
	page := make(chan logPage, 1) // nobody has to take it
	go func() {
		reply, err := l.Log.ReadAll(ctx, r)
		page <- logPage{reply, err}
	}()
	return page
}
