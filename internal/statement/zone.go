package statement

import (
	"errors"
	"time"
	_ "time/tzdata" // for machines that have no time zones of their own
)

// maxZone bounds the name of a time zone, in bytes.
const maxZone = 64

// ReadZone reads the name of a time zone. That of a machine has none here, because
// it is another one on the next machine.
func ReadZone(name string) (*time.Location, error) {
	wrong := errors.New("want a name of the time zone database such as Europe/Berlin, or UTC")
	if name == "" || name == "Local" || len(name) > maxZone {
		return nil, wrong
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, wrong
	}
	return zone, nil
}
