package eventsource_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"corebank/eventsource"
	"corebank/internal/contract"
)

// Given Ada's opening, which was written and whose answer got lost; when it is delivered again and nothing is taken any
// more; then she does not hear that nothing was written, as Bob does.
func TestAnAppendThatWasWrittenBeforeIsNotDenied(t *testing.T) {
	for name, test := range map[string]struct {
		keys bool // are to be looked up
		then func(*eventsource.Writer, *doubtful)
		want contract.AppendStatus
	}{
		"the disk is full": {false, func(w *eventsource.Writer, _ *doubtful) { w.Halt("the disk is full") }, contract.Halted},
		"the keys cannot be looked up": {true, func(_ *eventsource.Writer, d *doubtful) {
			d.unsearchable = errors.New("not now")
		}, contract.Overloaded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &doubtful{}
				writer := startDoubtful(t, d)
				ada, bob := opening(t, "ada"), opening(t, "bob")
				ada.CheckKeys, bob.CheckKeys = test.keys, test.keys
				if got := writer.Append(t.Context(), []contract.Append{ada})[0]; got.Status != contract.Appended {
					t.Fatalf("%+v", got)
				}
				test.then(writer, d)
				got := writer.Append(t.Context(), []contract.Append{ada, bob})
				if got[0].Status != contract.VersionConflict || got[0].Version != 1 {
					t.Errorf("Ada is answered %+v", got[0])
				}
				if got[1].Status != test.want {
					t.Errorf("Bob is answered %+v, want %s", got[1], test.want)
				}
			})
		})
	}
}
