package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/secrets"
)

const caseRebuild = "rebuild"

// openProject fills the log of a bank and has its views built anew.
func openProject(ctx context.Context, l *lab) ([]measured, error) {
	b, err := l.startBank(ctx)
	if err != nil {
		return nil, err
	}
	log, err := l.dialLog(b)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(l.Config.Log, "  writing a log of %d events\n", l.Events)
	if err := newJournal("filled", l.Accounts).fill(ctx, log.append, l.Events, l.Batch); err != nil {
		return nil, fmt.Errorf("fill the log: %w", err)
	}
	if err := l.newGateway(b, 1).settled(ctx); err != nil {
		return nil, err
	}
	return []measured{{caseRebuild, "events", fmt.Sprintf("%d accounts' views built from %d events by corebank rebuild, while the bank serves",
		min(l.Accounts, l.Events), l.Events),
		func(ctx context.Context) (Sample, error) { return b.rebuild(ctx) }}}, nil
}

// logClient reaches the event source as the actors do, through two sidecars.
type logClient struct {
	sidecar client.Client
	headers []string // what the sidecar lets callers in with
	proof   string   // what the event source takes appends with
}

func (l *lab) dialLog(b *wholeBank) (logClient, error) {
	token, err := secrets.Read(b.data, secrets.Sidecar(contract.AppActor))
	if err != nil {
		return logClient{}, err
	}
	proof, err := secrets.Read(b.data, secrets.Append)
	if err != nil {
		return logClient{}, err
	}
	headers := []string{"dapr-api-token", token}
	connection, err := grpc.NewClient(b.parts["actor-sidecar"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return logClient{}, fmt.Errorf("reach a sidecar of the bank: %w", err)
	}
	l.closers = append(l.closers, connection.Close)
	return logClient{client.NewClientWithConnection(connection), headers, proof}, nil
}

func (c logClient) call(ctx context.Context, method string, request []byte, reply any) error {
	ctx = metadata.AppendToOutgoingContext(app.Prove(ctx, c.proof), c.headers...)
	answer, err := c.sidecar.InvokeMethodWithContent(ctx, contract.AppEventSource, method, "POST",
		&client.DataContent{Data: request, ContentType: "application/json"})
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, reply)
}

func (c logClient) append(ctx context.Context, request []byte) (reply contract.AppendReply, err error) {
	return reply, c.call(ctx, contract.MethodAppend, request, &reply)
}

// rebuilt is what the projector says at the end of a rebuild.
type rebuilt struct {
	Events   int64   `json:"events"`
	Seconds  float64 `json:"seconds"`
	Compared *struct {
		Accounts     int64 `json:"accounts"`
		Transactions int64 `json:"transactions"`
	} `json:"compared"`
}

// rebuild asks the projector for new views, as corebank rebuild does.
func (b *wholeBank) rebuild(ctx context.Context) (Sample, error) {
	began, before := time.Now(), lookAt(b.processes)
	token, err := secrets.Read(b.data, secrets.Admin)
	if err != nil {
		return Sample{}, err
	}
	done, err := askForRebuild(ctx, "http://"+b.parts[contract.AppProjector]+"/admin/rebuild", token)
	if err != nil {
		return Sample{}, err
	}
	took := time.Since(began)
	if done.Compared == nil || done.Seconds <= 0 || done.Events == 0 {
		return Sample{}, fmt.Errorf("the projector says that it has rebuilt nothing: %+v", done)
	}
	return Sample{CPU: lookAt(b.processes).minus(before).each(done.Events), Measures: []Measure{
		{figureRate, "events/s", float64(done.Events) / done.Seconds},
		{"compared and switched", "events/s", float64(done.Events) / took.Seconds()},
	}}, nil
}

func askForRebuild(ctx context.Context, url, token string) (done rebuilt, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return done, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return done, err
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		var line struct {
			Result *rebuilt `json:"result"`
			Error  string   `json:"error"`
		}
		if err := json.Unmarshal(slices.Clone(lines.Bytes()), &line); err != nil {
			return done, fmt.Errorf("the projector answers %s: %w", answer.Status, err)
		}
		if line.Error != "" {
			return done, errors.New(line.Error)
		}
		if line.Result != nil {
			return *line.Result, nil
		}
	}
	return done, errors.New("the projector stopped in the middle of a rebuild")
}
