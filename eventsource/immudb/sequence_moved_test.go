package immudb_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
)

// TestTheSequencerFollowsTheSequenceByItself: when the primary of the sequence is lost, the sequencer goes on with the
// next one, also if no record comes that has to be ordered.
func TestTheSequencerFollowsTheSequenceByItself(t *testing.T) {
	all, config := startMachines(t, 3, 2)
	config.Partition = storage.Partition{Of: 2}
	config.Machines = immudb.NewMachines(config, slog.New(slog.DiscardHandler))
	cuts := immudb.NewSequenceLog(config)
	parts := []sequencer.PartitionLog{
		sequencer.StoredPartition{Storage: storage.NewMemoryLog().Open()},
		sequencer.StoredPartition{Storage: storage.NewMemoryLog().Open()},
	}
	merged := sequencer.New(cuts, parts, slog.New(slog.DiscardHandler))
	cuts.OnMoved(merged.TakeOverAgain)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = config.Machines.Tend(ctx) })
	running.Go(func() {
		if err := merged.Run(ctx); err != nil {
			t.Errorf("the sequencer has ended: %v", err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
		_ = cuts.Close(context.WithoutCancel(ctx))
	})
	eventually(t, func(context.Context) error {
		if state := merged.Ready(); !state.Ready {
			return errors.New(state.Reason)
		}
		return nil
	})
	before, _ := merged.Tenure()
	primary, _ := primaryOf(t, config, all)
	primary.lose()
	eventually(t, func(ctx context.Context) error {
		if _, err := cuts.LastCut(ctx); err != nil { // as any reader of the whole log
			return err
		}
		if after, _ := merged.Tenure(); after.Takeover == before.Takeover || !merged.Ready().Ready {
			return errors.New("the sequence is not taken over")
		}
		return nil
	})
}
