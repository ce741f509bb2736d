package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// stamp says which source a release is made of. It is all that a build knows of the
// repository, so that two builds of one commit are equal.
type stamp struct {
	version string // that of the tag, without its v, or one that says the commit
	commit  string
	date    time.Time // of the commit
}

// archive is the name of the archive of a target, without an extension.
func (s stamp) archive(t target) string {
	return fmt.Sprintf("corebank-%s-%s-%s", s.version, t.os, t.arch)
}

// readStamp reads the stamp of the commit that is checked out.
func readStamp(ctx context.Context, root string, dirty bool) (s stamp, err error) {
	git := func(arguments ...string) string {
		text, problem := exec.CommandContext(ctx, "git", append([]string{"-C", root}, arguments...)...).Output()
		if problem != nil {
			err = errors.Join(err, fmt.Errorf("git %s: %w", strings.Join(arguments, " "), problem))
		}
		return strings.TrimSpace(string(text))
	}
	changes := git("status", "--porcelain")
	s.commit = git("rev-parse", "HEAD")
	date := git("show", "--no-patch", "--format=%ct", "HEAD")
	tags := git("tag", "--points-at", "HEAD", "--list", "v*", "--sort=-version:refname")
	if err != nil {
		return s, err
	}
	seconds, err := strconv.ParseInt(date, 10, 64)
	if err != nil {
		return s, fmt.Errorf("the date of the commit: %w", err)
	}
	s.date = time.Unix(seconds, 0).UTC()
	tag, _, _ := strings.Cut(tags, "\n")
	s.version = strings.TrimPrefix(tag, "v")
	if s.version == "" {
		s.version = fmt.Sprintf("0.0.0-%s-%.12s", s.date.Format("20060102"), s.commit)
	}
	if changes != "" && !dirty {
		return s, fmt.Errorf("there are changes that are not committed, so the release would have no source:\n%s\n"+
			"commit them, or allow them with --dirty", changes)
	}
	if changes != "" {
		s.version += "-changed"
	}
	return s, nil
}
