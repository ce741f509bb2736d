// Package browsertest opens our pages in Chromium for tests. It also records
// what a person would not see: requests to other hosts, and messages in the
// browser's console. Without Chromium, tests are skipped, except where CI=true.
// Only tests import it; it imports nothing of ours.
package browsertest
