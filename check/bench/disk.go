package bench

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// diskUse is how much a bank has written.
type diskUse struct {
	events int64
	bytes  map[string]int64 // by kind
}

// diskKinds are the parts of a bank's directory that grow with its log.
var diskKinds = []struct{ name, pattern string }{
	{"immudb", "immudb"}, {"keys' index", "eventsource"}, {"views", "views*"}, {"snapshots", "actors.db*"},
	{"broker", "nats"},
}

// diskUseOf measures a bank's directory.
func diskUseOf(data string, events int64) diskUse {
	use := diskUse{events, make(map[string]int64)}
	for _, kind := range diskKinds {
		names, _ := fs.Glob(os.DirFS(data), kind.pattern) // the patterns are valid
		for _, name := range names {
			use.bytes[kind.name] += bytesIn(filepath.Join(data, name))
		}
	}
	return use
}

// bytesIn is the size of a file, or of the files in a directory. Files may come
// and go meanwhile.
func bytesIn(path string) (total int64) {
	_ = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			total += info.Size()
		}
		return nil
	})
	return total
}

// since is the growth of the bank.
func (u diskUse) since(before diskUse) []Measure {
	events := u.events - before.events
	measures := []Measure{{"log at the end", "events", float64(u.events)}}
	if events <= 0 {
		return measures
	}
	measures = append(measures, Measure{"log's growth", "events", float64(events)})
	total := int64(0)
	for _, kind := range diskKinds {
		grown := u.bytes[kind.name] - before.bytes[kind.name]
		total += grown
		if grown > 0 { // what is cleaned up now and then may have shrunk
			measures = append(measures, Measure{"disk for an event, " + kind.name, "bytes", float64(grown) / float64(events)})
		}
	}
	return slices.Insert(measures, 2, Measure{"disk for an event", "bytes", float64(total) / float64(events)})
}
