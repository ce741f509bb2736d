package localbank

import (
	"strings"
	"testing"
	"time"

	"corebank/localbank/sidecars"
)

func TestABuildIsShown(t *testing.T) {
	var out buffer
	d := newBuildOutput(&out)
	d.report(sidecars.Progress{Step: "downloading"})
	d.report(sidecars.Progress{Step: "downloading", Done: 1})
	d.report(sidecars.Progress{Step: "compiling", Done: 7, Total: 900})
	d.close()
	text := out.String()
	for _, want := range []string{"Dapr 1.18 is not installed", "step 1 of 2, downloading, after 0s\n",
		"step 2 of 2, compiling: 7 of 900 packages, after 0s\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not show %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "1 modules") {
		t.Errorf("without a terminal, every module gets a line:\n%s", text)
	}
}

// TestABuildSaysHowLongItTakes, once it knows.
func TestABuildSaysHowLongItTakes(t *testing.T) {
	for done, want := range map[int]string{10: "step 2 of 2, compiling: 10 of 900 packages",
		300: "step 2 of 2, compiling: 300 of 900 packages, about 4m0s left",
		900: "step 2 of 2, compiling: 900 of 900 packages, about 0s left"} {
		p := sidecars.Progress{Step: sidecars.Compiling, Done: done, Total: 900}
		if got := describe(p, 2*time.Minute); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}
