// Package browsertest opens pages of ours in Chromium for tests, and keeps an
// eye on what a person would not see: requests to other hosts, and complaints in
// the console. Without Chromium tests are skipped, except where CI=true. Only
// tests import it; it imports nothing of ours.
package browsertest
