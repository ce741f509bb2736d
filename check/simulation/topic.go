package simulation

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"corebank/internal/contract"
)

// topic is the broker: a queue for every consumer, and no promises.
type topic struct {
	world *world

	mu     sync.Mutex
	queues []*queue
	last   int64 // that was published
}

// queue holds what a consumer has not acknowledged.
type queue struct {
	mu       sync.Mutex
	messages []message     // by when they are due
	wake     chan struct{} // holds a token after a message came
}

type message struct {
	due   time.Duration
	batch contract.Batch
}

// press is an event source's access to the topic.
type press struct{ topic *topic }

// Publish implements eventsource.Publisher.
func (p press) Publish(ctx context.Context, batch contract.Batch) error {
	th := threadOf(ctx)
	h := hazards{crashBeforePublish, publishLost, crashAfterPublish, publishUnknown}
	return th.durably(ctx, wayMax, h, func() error {
		p.topic.spread(th, batch)
		return nil
	})
}

// spread puts a batch into every queue, if the broker pleases.
func (t *topic) spread(th *thread, batch contract.Batch) {
	if len(batch.Records) > 0 {
		th.note("publishes %d to %d", batch.First, batch.Last)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = max(t.last, batch.Last)
	for _, q := range t.queues {
		if th.suffers(messageDropped) {
			continue
		}
		dues := []time.Duration{t.world.reserve(th.between(time.Millisecond, 5*time.Millisecond))}
		if th.suffers(messageRepeated) {
			dues = append(dues, t.world.reserve(th.between(time.Millisecond, 3*time.Second)))
		}
		if th.suffers(messageDelayed) {
			dues[len(dues)-1] = t.world.reserve(th.between(time.Millisecond, 3*time.Second))
		}
		for _, due := range dues {
			q.put(due, batch)
		}
	}
}

// published is how far the log was published.
func (t *topic) published() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// queue adds a consumer.
func (t *topic) queue() *queue {
	q := &queue{wake: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queues = append(t.queues, q)
	return q
}

// leave takes a consumer's queue away.
func (t *topic) leave(q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queues = slices.DeleteFunc(t.queues, func(other *queue) bool { return other == q })
}

// lose forgets all messages.
func (t *topic) lose() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, q := range t.queues {
		q.mu.Lock()
		q.messages = nil
		q.mu.Unlock()
	}
}

func (q *queue) put(due time.Duration, batch contract.Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.messages = append(q.messages, message{due: due, batch: batch})
	slices.SortFunc(q.messages, func(a, b message) int { return cmp.Compare(a.due, b.due) })
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// next takes out the message that is due first, if it is due by now; otherwise it says how long that takes.
func (q *queue) next(now time.Duration) (m message, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.messages) == 0 {
		return m, time.Hour
	}
	if m = q.messages[0]; m.due > now {
		return m, m.due - now
	}
	q.messages = q.messages[1:]
	return m, 0
}

// follow hands a queue's messages to handle, one after the other, until ctx ends. What handle fails on comes again,
// and so does what it was busy with when its process died.
func (t *topic) follow(ctx context.Context, q *queue, handle func(context.Context, contract.Batch) error) {
	th := threadOf(ctx)
	for {
		m, wait := q.next(t.world.now())
		if wait > 0 {
			select {
			case <-ctx.Done():
				return
			case <-q.wake:
			case <-time.After(wait):
			}
			continue
		}
		err := th.of.thaw(ctx, th)
		if err == nil {
			err = handle(ctx, between(t.world.parts.Message, m.batch))
		}
		if err == nil {
			err = th.point(crashBeforeAck)
		}
		if err != nil {
			th.note("cannot take %d to %d: %v", m.batch.First, m.batch.Last, err)
			q.put(t.world.reserve(th.between(10*time.Millisecond, 500*time.Millisecond)), m.batch)
		}
		if ctx.Err() != nil {
			return
		}
	}
}
