package simulation

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	immuclient "github.com/codenotary/immudb/pkg/client"
	"github.com/codenotary/immudb/pkg/client/state"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"

	"corebank/check/simulation/immu"
)

// session is one with the server of a machine. What the bank does not call, it does not have.
type session struct {
	immuclient.ImmuClient
	cable    cable
	to       *machine
	life     *process
	database string
	ended    context.Context // ends with the connection
	end      context.CancelFunc
}

// cut ends the session, with all its calls.
func (s *session) cut() error {
	s.end()
	return nil
}

// CloseSession ends the session in order.
func (s *session) CloseSession(context.Context) error { return s.cut() }

// on makes a call about the session's database.
func on[Reply any](ctx context.Context, s *session,
	do func(ctx context.Context, th *thread, d *immu.Database) (Reply, error)) (reply Reply, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.ended, cancel)()
	defer context.AfterFunc(s.life.ctx, cancel)()
	err = s.cable.call(ctx, s.to, s.life, func(ctx context.Context, th *thread, disk *immu.Server) error {
		d, err := disk.Database(s.database)
		if err == nil {
			reply, err = do(ctx, th, d)
		}
		return err
	})
	if err != nil && (s.ended.Err() != nil || s.life.dead.Load()) {
		err = errDisconnected
	}
	return reply, err
}

// quick is on for what takes a server no time.
func quick[Reply any](ctx context.Context, s *session, do func(d *immu.Database) (Reply, error)) (Reply, error) {
	return on(ctx, s, func(_ context.Context, _ *thread, d *immu.Database) (Reply, error) { return do(d) })
}

func (s *session) Get(ctx context.Context, key []byte, _ ...immuclient.GetOption) (*schema.Entry, error) {
	return quick(ctx, s, func(d *immu.Database) (*schema.Entry, error) { return d.Get(key) })
}

func (s *session) GetAll(ctx context.Context, keys [][]byte) (*schema.Entries, error) {
	return quick(ctx, s, func(d *immu.Database) (*schema.Entries, error) { return d.GetAll(keys), nil })
}

func (s *session) Scan(ctx context.Context, request *schema.ScanRequest) (*schema.Entries, error) {
	return quick(ctx, s, func(d *immu.Database) (*schema.Entries, error) { return d.Scan(request), nil })
}

func (s *session) TxByIDWithSpec(ctx context.Context, request *schema.TxRequest) (*schema.Tx, error) {
	return quick(ctx, s, func(d *immu.Database) (*schema.Tx, error) {
		read, err := d.Transactions(request.Tx, 1, request.EntriesSpec)
		if err != nil {
			return nil, err
		}
		return read[0], nil
	})
}

func (s *session) TxScan(ctx context.Context, request *schema.TxScanRequest) (*schema.TxList, error) {
	return quick(ctx, s, func(d *immu.Database) (*schema.TxList, error) {
		read, err := d.Transactions(request.InitialTx, int(request.Limit), request.EntriesSpec)
		return &schema.TxList{Txs: read}, err
	})
}

func (s *session) CurrentState(ctx context.Context) (*schema.ImmutableState, error) {
	return quick(ctx, s, func(d *immu.Database) (*schema.ImmutableState, error) {
		has := d.State()
		return &schema.ImmutableState{Db: s.database, TxId: has.Committed, TxHash: has.CommittedHash[:],
			PrecommittedTxId: has.Has, PrecommittedTxHash: has.Hash[:]}, nil
	})
}

// SetAll commits. One whose caller has given up may be on the disk already, and be committed later.
func (s *session) SetAll(ctx context.Context, request *schema.SetRequest) (*schema.TxHeader, error) {
	return on(ctx, s, func(ctx context.Context, th *thread, d *immu.Database) (*schema.TxHeader, error) {
		commit := d.Begin()
		defer commit.End()
		if err := s.to.sync(ctx, th); err != nil {
			return nil, err
		}
		for {
			changed := d.Changed()
			if s.life.dead.Load() {
				return nil, errDisconnected
			}
			if header, err := commit.Try(request, time.Now().Unix()); header != nil || err != nil {
				return header, err
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			// Several may have waited: each goes on at an instant of its own.
			if err := th.world.sleep(ctx, th.between(1, 10*time.Microsecond)); err != nil {
				return nil, err
			}
			if err := s.life.thaw(ctx, th); err != nil {
				return nil, errDisconnected
			}
		}
	})
}

func (s *session) UseDatabase(ctx context.Context, d *schema.Database) (*schema.UseDatabaseReply, error) {
	s.database = d.DatabaseName
	return quick(ctx, s, func(*immu.Database) (*schema.UseDatabaseReply, error) { return &schema.UseDatabaseReply{}, nil })
}

func (s *session) CreateDatabaseV2(ctx context.Context, name string,
	settings *schema.DatabaseNullableSettings) (*schema.CreateDatabaseResponse, error) {
	return on(ctx, s, func(context.Context, *thread, *immu.Database) (*schema.CreateDatabaseResponse, error) {
		_, disk := s.to.life()
		return &schema.CreateDatabaseResponse{}, disk.Create(name, settings)
	})
}

// UpdateDatabaseV2 changes settings, as soon as no commit waits.
func (s *session) UpdateDatabaseV2(ctx context.Context, name string,
	settings *schema.DatabaseNullableSettings) (*schema.UpdateDatabaseResponse, error) {
	return on(ctx, s, func(ctx context.Context, th *thread, _ *immu.Database) (*schema.UpdateDatabaseResponse, error) {
		_, disk := s.to.life()
		d, err := disk.Database(name)
		if err != nil {
			return nil, err
		}
		for {
			changed := d.Changed()
			if d.Update(settings) {
				part := d.Part()
				th.note("%s is a replica of %q: %t", s.to.name(), part.Host, part.Replica)
				return &schema.UpdateDatabaseResponse{}, nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
			if err := th.world.sleep(ctx, th.between(1, 10*time.Microsecond)); err != nil {
				return nil, err
			}
		}
	})
}

func (s *session) GetDatabaseSettingsV2(ctx context.Context) (*schema.DatabaseSettingsResponse, error) {
	return quick(ctx, s, func(d *immu.Database) (*schema.DatabaseSettingsResponse, error) {
		return &schema.DatabaseSettingsResponse{Database: s.database, Settings: d.Settings()}, nil
	})
}

// done is a call that changes nothing that matters here.
func (s *session) done(ctx context.Context) error {
	_, err := quick(ctx, s, func(*immu.Database) (any, error) { return nil, nil })
	return err
}

func (s *session) CreateUser(ctx context.Context, _, _ []byte, _ uint32, _ string) error {
	return s.done(ctx)
}

// ExportTx gives a transaction as a replica gets it.
func (s *session) ExportTx(
	ctx context.Context, request *schema.ExportTxRequest,
) (schema.ImmuService_ExportTxClient, error) {
	return quick(ctx, s, func(d *immu.Database) (schema.ImmuService_ExportTxClient, error) {
		data, err := d.Export(request.Tx)
		if err != nil {
			return nil, err
		}
		return &exported{chunk: append(binary.BigEndian.AppendUint64(nil, uint64(len(data))), data...)}, nil
	})
}

// exported is a stream of one chunk.
type exported struct {
	grpc.ClientStream
	chunk []byte // nil when it was received
}

func (e *exported) Recv() (*schema.Chunk, error) {
	if e.chunk == nil {
		return nil, io.EOF
	}
	chunk := &schema.Chunk{Content: e.chunk}
	e.chunk = nil
	return chunk, nil
}

func (s *session) GetServiceClient() schema.ImmuServiceClient { return &service{session: s} }

// service has what the bank asks past the session.
type service struct {
	schema.ImmuServiceClient
	session *session
}

// Health says with which disk one talks.
func (s *service) Health(
	ctx context.Context, _ *emptypb.Empty, options ...grpc.CallOption,
) (*schema.HealthResponse, error) {
	return quick(ctx, s.session, func(*immu.Database) (*schema.HealthResponse, error) {
		_, disk := s.session.to.life()
		for _, option := range options {
			if header, is := option.(grpc.HeaderCallOption); is {
				*header.HeaderAddr = metadata.Pairs(state.SERVER_UUID_HEADER, disk.ID)
			}
		}
		return &schema.HealthResponse{Status: true}, nil
	})
}
