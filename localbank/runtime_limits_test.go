package localbank

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"testing"

	"corebank/internal/contract"
)

func TestPartsRunWithLimits(t *testing.T) {
	for _, name := range []string{"GOGC", "GOMAXPROCS", "GOMEMLIMIT"} {
		t.Setenv(name, "") // and so is set back after the test
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	half := fmt.Sprint("GOMAXPROCS=", max(1, runtime.NumCPU()/2))
	for part, want := range map[string][]string{
		partNATS:                         {"GOGC=400", half},
		sidecarOf(contract.AppProjector): {"GOGC=400", half},
		contract.AppServer:               {"GOGC=400", "GOMEMLIMIT=320MiB", half},
		contract.AppProjector:            {"GOGC=400"},
		partImmudb:                       nil,
	} {
		if got := runtimeLimits(part); !slices.Equal(got, want) {
			t.Errorf("%s is run with %q, want %q", part, got, want)
		}
	}
	t.Setenv("GOGC", "50")
	if got := runtimeLimits(partNATS); !slices.Equal(got, []string{half}) {
		t.Errorf("a setting of the user is replaced by %q", got)
	}
}
