package projector_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"corebank/projector"
)

// admin is a client of the admin endpoint of a branch's projector, and its server.
func (b *branch) admin() (projector.Admin, *httptest.Server) {
	mux := http.NewServeMux()
	projector.AddAdmin(mux, b.projector, b.generations, "of the branch")
	server := httptest.NewServer(mux)
	b.t.Cleanup(server.Close)
	return projector.Admin{Address: server.Listener.Addr().String(), Token: "of the branch"}, server
}

func TestAnOperatorRebuildsAndRollsBackFromOutside(t *testing.T) {
	b := newBranch(t, 45)
	b.damage()
	admin, _ := b.admin()
	phases := make(map[string]bool)
	done, err := admin.Rebuild(t.Context(), func(p projector.Progress) { phases[p.Phase] = true })
	if err != nil || done.Generation != 1 || done.Compared == nil || done.Compared.Accounts != 5 || len(phases) != 3 {
		t.Fatalf("rebuilt %+v (%v) in the phases %v", done, err, phases)
	}
	b.shows(1)
	if done, err = admin.Rebuild(t.Context(), func(projector.Progress) {}); err != nil || done.Was != 1 {
		t.Fatalf("rebuilt %+v (%v)", done, err)
	}
	if done, err = admin.Rollback(t.Context(), func(projector.Progress) {}); err != nil || done.Generation != 1 {
		t.Fatalf("rolled back %+v (%v)", done, err)
	}
	b.shows(1)
}

func TestAnOperatorReplaysAnAccountFromOutside(t *testing.T) {
	b := newBranch(t, 45)
	b.damage()
	admin, _ := b.admin()
	done, err := admin.Replay(t.Context(), customer(1))
	if err != nil || done.Account != customer(1) || done.Version != 10 {
		t.Fatalf("replayed %+v (%v)", done, err)
	}
	b.shows(0)
	if _, err := admin.Replay(t.Context(), "acc_x&y=z"); err == nil || !strings.Contains(err.Error(), "check its id") {
		t.Errorf("replay of an unknown account: %v", err)
	}
}

func TestACommandThatIsStoppedStopsTheRebuild(t *testing.T) {
	b := newBranch(t, 45)
	admin, _ := b.admin()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan struct{})
	b.log.beforeRead = sync.OnceFunc(func() {
		stop()
		<-ended // the client is gone
	})
	_, err := admin.Rebuild(ctx, func(projector.Progress) {})
	close(ended)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("the command ended with %v", err)
	}
	// The next rebuild starts as soon as the first has ended.
	for {
		_, err := admin.Rebuild(t.Context(), func(projector.Progress) {})
		if err == nil {
			break
		}
		if !strings.Contains(err.Error(), projector.ErrRebuilding.Error()) {
			t.Fatal(err)
		}
	}
	b.shows(1)
}

func TestOnlyProgramsOnThisMachineAreServed(t *testing.T) {
	b := newBranch(t, 5)
	_, server := b.admin()
	for name, spoil := range map[string]func(*http.Request){
		"a web page":           func(r *http.Request) { r.Header.Set("Origin", "https://example.com") },
		"a web page, no-cors":  func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"a name that is bound": func(r *http.Request) { r.Host = "bank.example:80" },
		"another machine":      func(r *http.Request) { r.RemoteAddr = "192.0.2.7:4711" },
		"a GET":                func(r *http.Request) { r.Method = http.MethodGet },
	} {
		t.Run(name, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodPost, "/admin/rebuild", nil)
			request.Host, request.RemoteAddr = "127.0.0.1:7403", "127.0.0.1:4711"
			spoil(request)
			answer := httptest.NewRecorder()
			server.Config.Handler.ServeHTTP(answer, request)
			if answer.Code != http.StatusForbidden && answer.Code != http.StatusMethodNotAllowed {
				t.Errorf("it is answered with %d: %s", answer.Code, answer.Body)
			}
		})
	}
	b.shows(0)
}
