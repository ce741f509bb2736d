package main

import (
	"context"
	"os"
	"sync"
)

// stdout is standard output. The first write that fails ends the command: the
// output is what it is for.
type stdout struct {
	file   *os.File
	failed context.CancelCauseFunc

	mu    sync.Mutex
	first error
}

func (s *stdout) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	if err != nil {
		s.mu.Lock()
		if s.first == nil {
			s.first = err
		}
		s.mu.Unlock()
		s.failed(err)
	}
	return n, err
}

// Stat tells what the output is: a terminal is written differently.
func (s *stdout) Stat() (os.FileInfo, error) { return s.file.Stat() }

// err is the first failure.
func (s *stdout) err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.first
}
