package bench

import (
	"io/fs"
	"path/filepath"
	"slices"
)

// size is how much a bank has written.
type size struct {
	events int64
	bytes  map[string]int64 // by what it is
}

// onDisk are the places in a bank's directory that grow with its log.
var onDisk = []struct{ name, pattern string }{
	{"immudb", "immudb"}, {"keys' index", "eventsource"}, {"views", "views*"}, {"snapshots", "actors.db*"}, {"broker", "nats"},
}

// bytesAt is the size of what a pattern matches in a bank's directory.
func bytesAt(data, pattern string) (total int64) {
	paths, _ := filepath.Glob(filepath.Join(data, pattern)) // the patterns are sound
	for _, path := range paths {
		total += bytesIn(path)
	}
	return total
}

// bytesIn is the size of the files in a directory, or of a file. Files come and
// go meanwhile.
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

// since is by how much the bank has grown.
func (z size) since(before size) []Measure {
	events := z.events - before.events
	measures := []Measure{{"log at the end", "events", float64(z.events)}}
	if events <= 0 {
		return measures
	}
	measures = append(measures, Measure{"log's growth", "events", float64(events)})
	total := int64(0)
	for _, place := range onDisk {
		grown := z.bytes[place.name] - before.bytes[place.name]
		total += grown
		if grown > 0 { // what is thrown away now and then may have shrunk
			measures = append(measures, Measure{"disk for an event, " + place.name, "bytes", float64(grown) / float64(events)})
		}
	}
	return slices.Insert(measures, 2, Measure{"disk for an event", "bytes", float64(total) / float64(events)})
}
