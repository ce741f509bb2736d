package copies_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corebank/eventsource/copies"
)

// bank is a log on several machines as the laws of copies see it: what is on which disk, and what was acknowledged.
type bank struct {
	t        *rapid.T
	copies   int
	machines []*computer
	shelf    map[string][]*disk // disks that were taken out of a machine
	acked    []transaction      // that were acknowledged, in their order
	written  int
	disks    int
}

type computer struct {
	address string
	disk    *disk
	up      bool
	primary bool
	follows string
}

type disk struct {
	id        string
	made      bool // it has the database of the log
	primary   bool // its machine was, when it was taken out
	log       []transaction
	committed int
}

type transaction struct {
	id      int
	epoch   int64
	raises  bool // that epoch, and nothing else
	members *copies.Members
}

func newBank(t *rapid.T, machines, number int) *bank {
	b := &bank{t: t, copies: number, shelf: make(map[string][]*disk)}
	for i := range machines {
		c := &computer{address: string(rune('a' + i)), up: true, primary: i == 0}
		if i > 0 {
			c.follows = "a"
		}
		b.fill(c)
		c.disk.made = true
		b.machines = append(b.machines, c)
	}
	founders := copies.Founders(b.observe(b.machines), number)
	b.write(b.machines[0], transaction{epoch: 1, members: &founders})
	return b
}

func (b *bank) fill(c *computer) {
	b.disks++
	c.disk = &disk{id: fmt.Sprint("disk ", b.disks)}
}

func (b *bank) at(address string) *computer {
	return b.machines[slices.IndexFunc(b.machines, func(c *computer) bool { return c.address == address })]
}

func (b *bank) write(to *computer, next transaction) {
	b.written++
	next.id = b.written
	if n := len(to.disk.log); n > 0 && next.epoch == 0 {
		next.epoch = to.disk.log[n-1].epoch
	}
	to.disk.log = append(to.disk.log, next)
}

// copy lets a machine copy up to some transactions from the one that it follows, and acknowledge them.
func (b *bank) copy(c *computer, most int) {
	if !c.up || c.primary || c.follows == "" {
		return
	}
	from := b.at(c.follows)
	if !from.up || !from.primary {
		return
	}
	if n := common(c.disk, from.disk); n < len(c.disk.log) {
		if n < c.disk.committed {
			return // immudb refuses
		}
		c.disk.log = c.disk.log[:n]
	}
	n := len(c.disk.log)
	c.disk.log = append(c.disk.log, from.disk.log[n:min(n+most, len(from.disk.log))]...)
	b.commit(from)
	c.disk.committed = max(c.disk.committed, min(from.disk.committed, len(c.disk.log)))
}

func common(x, y *disk) (n int) {
	for n < len(x.log) && n < len(y.log) && x.log[n].id == y.log[n].id {
		n++
	}
	return n
}

// commit acknowledges what is on enough disks.
func (b *bank) commit(p *computer) {
	has := []int{len(p.disk.log)}
	for _, c := range b.machines {
		if c.up && !c.primary && c.follows == p.address && c != p {
			has = append(has, common(c.disk, p.disk))
		}
	}
	slices.SortFunc(has, func(x, y int) int { return y - x })
	if len(has) < b.copies {
		return
	}
	for i := p.disk.committed; i < has[b.copies-1]; i++ {
		p.disk.committed++
		switch next := p.disk.log[i]; {
		case b.nothingFrom(i):
			b.acked = append(b.acked[:i], next)
		case b.acked[i].id != next.id:
			b.t.Fatalf("%s acknowledges transaction %d as number %d, and %d was acknowledged", p.address, next.id, i+1,
				b.acked[i].id)
		}
	}
}

// nothingFrom reports whether nothing was acknowledged from there on but that epochs were raised, which no one misses.
func (b *bank) nothingFrom(i int) bool {
	return !slices.ContainsFunc(b.acked[i:], func(t transaction) bool { return !t.raises })
}

// observe is what some machines say; the others do not answer.
func (b *bank) observe(seen []*computer) (observed []copies.Machine) {
	for _, c := range b.machines {
		m := copies.Machine{Address: c.address}
		switch n := len(c.disk.log); {
		case !c.up || !slices.Contains(seen, c):
			m.Fault = "it is away"
		default:
			m.Server, m.Primary, m.Follows, m.Copies = c.disk.id, c.primary, c.follows, b.copies
			m.Committed, m.Has, m.Head, m.Empty = uint64(c.disk.committed), uint64(n), int64(n), !c.disk.made
			for i, t := range c.disk.log {
				m.Log = "log"
				if t.epoch > m.Epoch {
					m.Epoch, m.EpochAt, m.EpochHash = t.epoch, uint64(i+1), fmt.Sprint("up to ", t.id)
				}
				if t.members != nil {
					m.Members, m.MembersAt = *t.members, uint64(i+1)
				}
			}
		}
		observed = append(observed, m)
	}
	return observed
}

func (b *bank) admit(c, p *computer) {
	if c.disk.committed > common(c.disk, p.disk) {
		return // refused in words
	}
	c.primary, c.follows, c.disk.made = false, p.address, true
}

// tend does what an event source does that looks after the machines that it sees.
func (b *bank) tend(seen []*computer) {
	observed := b.observe(seen)
	plan, err := copies.Decide(observed, copies.Wish{Copies: b.copies})
	if err != nil || !plan.Keep {
		return
	}
	p := b.at(plan.Primary)
	primary := observed[slices.Index(b.machines, p)]
	for _, address := range plan.Others {
		if c := b.at(address); !slices.Contains(plan.New, address) && c.follows != p.address {
			b.admit(c, p)
		}
	}
	if before := copies.Before(observed, primary, b.copies); len(plan.New) > 0 {
		if !before.Equal(primary.Members) {
			b.write(p, transaction{members: &before})
			primary.MembersAt = uint64(len(p.disk.log))
		}
		for _, c := range b.machines {
			b.copy(c, rapid.IntRange(0, 10).Draw(b.t, "copied"))
		}
		if primary.MembersAt > uint64(p.disk.committed) {
			return // the next time
		}
		for _, address := range plan.New {
			b.admit(b.at(address), p)
		}
		return
	}
	var complete []string
	for _, m := range observed {
		if m.Follows == p.address && common(b.at(m.Address).disk, p.disk) >= int(primary.Committed) {
			complete = append(complete, m.Address)
		}
	}
	if after := copies.After(observed, primary, complete, b.copies); !after.Equal(primary.Members) {
		b.write(p, transaction{members: &after})
	}
}

// failover lets one of some machines take over, unless that is refused. Nothing that was acknowledged may be missing.
func (b *bank) failover(seen []*computer) {
	wish := copies.Wish{Copies: b.copies}
	if plan, err := copies.Decide(b.observe(seen), wish); err != nil || plan.Keep {
		return
	}
	for _, c := range seen {
		if c.up {
			c.primary, c.follows = false, ""
		}
	}
	observed := b.observe(seen)
	plan, err := copies.Decide(observed, wish)
	if err != nil {
		return
	}
	p := b.at(plan.Primary)
	for i, t := range b.acked {
		if (i >= len(p.disk.log) || p.disk.log[i].id != t.id) && !b.nothingFrom(i) {
			b.t.Fatalf("%s takes over and lacks transaction %d, which was acknowledged as number %d", p.address, t.id, i+1)
		}
	}
	p.primary = true
	for _, address := range plan.Others {
		if !slices.Contains(plan.New, address) {
			b.admit(b.at(address), p)
		}
	}
	epoch := int64(0)
	for _, m := range observed {
		epoch = max(epoch, m.Epoch)
	}
	b.write(p, transaction{epoch: epoch + 1, raises: true})
	for _, c := range b.machines { // it waits for that
		b.copy(c, len(p.disk.log))
	}
}

// TestNothingAcknowledgedIsEverLostUnnoticed: whatever happens to machines and their disks, also if an old disk is put
// back, another machine takes over only if it has everything that was acknowledged.
func TestNothingAcknowledgedIsEverLostUnnoticed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([][2]int{{3, 2}, {5, 3}, {4, 2}}).Draw(t, "machines and copies")
		b := newBank(t, size[0], size[1])
		one := func() *computer { return rapid.SampledFrom(b.machines).Draw(t, "machine") }
		some := func() (seen []*computer) {
			for _, c := range b.machines {
				if rapid.IntRange(0, 3).Draw(t, "seen") > 0 {
					seen = append(seen, c)
				}
			}
			return seen
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(*rapid.T) {
				if c := one(); c.up && c.primary {
					b.write(c, transaction{})
				}
			},
			"copy":     func(*rapid.T) { b.copy(one(), rapid.IntRange(1, 5).Draw(t, "transactions")) },
			"stop":     func(*rapid.T) { one().up = false },
			"start":    func(*rapid.T) { one().up = true },
			"tend":     func(*rapid.T) { b.tend(some()) },
			"failover": func(*rapid.T) { b.failover(some()) },
			"replace": func(*rapid.T) {
				c := one()
				c.disk.primary = c.primary
				b.shelf[c.address] = append(b.shelf[c.address], c.disk)
				b.fill(c)
				c.primary, c.follows = false, ""
			},
			"put back": func(*rapid.T) {
				c := one()
				if kept := b.shelf[c.address]; len(kept) > 0 {
					c.disk.primary = c.primary
					c.disk, b.shelf[c.address] = kept[0], append(kept[1:], c.disk)
					c.primary, c.follows = c.disk.primary, ""
				}
			},
		})
	})
}
