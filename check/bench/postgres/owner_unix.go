//go:build unix

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is whom PostgreSQL runs as: it refuses to be run by root.
type owner struct{ uid, gid int }

// account is who runs this process, or somebody harmless instead of root.
func account() (owner, error) {
	if os.Getuid() != 0 {
		return owner{os.Getuid(), os.Getgid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(found.Uid)
		gid, err2 := strconv.Atoi(found.Gid)
		if err == nil && err2 == nil {
			return owner{uid, gid}, nil
		}
	}
	return owner{}, errors.New("PostgreSQL cannot be run by root, and there is no user postgres or nobody to run it as")
}

func (o owner) give(path string) error { return os.Chown(path, o.uid, o.gid) }

func (o owner) command(c *exec.Cmd) *exec.Cmd {
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}}
	}
	return c
}

// place is the first of some directories that the owner may enter.
func (o owner) place(directories ...string) (string, error) {
	if os.Getuid() != 0 {
		return directories[0], nil
	}
	for _, path := range directories {
		if path, err := filepath.Abs(path); err == nil && o.mayEnter(path) {
			return path, nil
		}
	}
	return "", fmt.Errorf("user %d, who runs PostgreSQL instead of root, may enter none of %v; give a TMPDIR that everybody may enter", o.uid, directories)
}

// mayEnter looks at everything above a directory, and at the directory.
func (o owner) mayEnter(path string) bool {
	for {
		if info, err := os.Stat(path); err != nil || info.Mode()&0o001 == 0 {
			return false
		}
		above := filepath.Dir(path)
		if above == path {
			return true
		}
		path = above
	}
}
