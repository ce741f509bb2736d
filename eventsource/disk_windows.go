package eventsource

import "golang.org/x/sys/windows"

// freeBytes reports how many bytes the current user may still write to dir's disk.
func freeBytes(dir string) func() (uint64, error) {
	return func() (free uint64, err error) {
		name, err := windows.UTF16PtrFromString(dir)
		if err != nil {
			return 0, err
		}
		return free, windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	}
}
