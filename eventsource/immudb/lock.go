package immudb

// lock is a mutex for what is held while a server is asked. In a simulation's time, who waits for it stands still, as
// with any channel; who waits for a sync.Mutex would stop that time.
type lock chan struct{}

func newLock() lock { return make(lock, 1) }

func (l lock) Lock()   { l <- struct{}{} }
func (l lock) Unlock() { <-l }
