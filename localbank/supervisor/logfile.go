package supervisor

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"
)

// Bounds of logs and of what is quoted from them.
const (
	// maxLog is the size in bytes from which a log is put aside. One older log
	// is kept. logCheck is how often the size is checked.
	maxLog   = 32 << 20
	logCheck = 10 * time.Second
	// quotedLines and quotedWidth bound a quotation; quotedBytes what is read
	// for it.
	quotedLines = 20
	quotedWidth = 400
	quotedBytes = 32 << 10
)

// logfile is the log of one run of a process. The process writes to the file
// directly: nothing is lost or delayed in between, and its last lines are there
// even if this process has ended.
type logfile struct {
	*os.File
	from atomic.Int64 // where this run's own lines begin
}

func logPath(dir, name string) string { return filepath.Join(dir, name+".log") }

// openLog puts a large log aside, opens the log of a process for appending, and
// marks the beginning of a new run.
func openLog(dir, name string) (*logfile, error) {
	path := logPath(dir, name)
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("put the log aside: %w", err)
		}
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	if _, err := fmt.Fprintf(file, "--- %s is started at %s\n", name, time.Now().Format(time.RFC3339)); err != nil {
		return nil, errors.Join(fmt.Errorf("write the log: %w", err), file.Close())
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("measure the log: %w", err), file.Close())
	}
	log := &logfile{File: file}
	log.from.Store(info.Size())
	return log, nil
}

// bound puts the log aside if it has become large while the process runs. The
// process continues to write to the same file, which is emptied; lines that it
// writes during the copy may be lost.
func (l *logfile) bound() error {
	info, err := l.Stat()
	if err != nil || info.Size() <= maxLog {
		return err
	}
	aside, err := os.OpenFile(l.Name()+".1", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(aside, io.NewSectionReader(l, 0, info.Size()))
	if err := errors.Join(err, aside.Close()); err != nil {
		return err
	}
	l.from.Store(0)
	return l.Truncate(0)
}

// tail reads the last lines of this run. It is for messages: what cannot be read
// is left out.
func (l *logfile) tail() []string {
	info, err := l.Stat()
	if err != nil {
		return nil
	}
	from := max(l.from.Load(), info.Size()-quotedBytes)
	text, err := io.ReadAll(io.NewSectionReader(l, from, info.Size()-from))
	if err != nil {
		return nil
	}
	return lastLines(text)
}

// lastLines is the end of text, without empty lines and with long ones cut.
func lastLines(text []byte) []string {
	var lines []string
	for line := range bytes.Lines(text) {
		line = bytes.TrimRight(line, "\r\n")
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if len(line) > quotedWidth {
			line = append(line[:quotedWidth:quotedWidth], "…"...)
		}
		lines = append(lines, string(bytes.ToValidUTF8(line, []byte("?"))))
	}
	return lines[max(0, len(lines)-quotedLines):]
}
