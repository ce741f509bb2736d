package immu

import (
	"sync"

	"github.com/codenotary/immudb/pkg/api/schema"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Server is one immudb server with its disk.
type Server struct {
	// ID tells this server's disk from every other one.
	ID string
	// Committed is called when a primary has committed a transaction of a database, in order, and must not call that.
	Committed func(database string, tx *schema.Tx)
	// Hasty has primaries commit alone, whatever they were set to.
	Hasty bool

	mu        sync.Mutex
	databases map[string]*Database
}

// NewServer is a server with an empty disk.
func NewServer(id string, committed func(string, *schema.Tx)) *Server {
	return &Server{ID: id, Committed: committed, databases: make(map[string]*Database)}
}

// Database is one of the server's, or an error as immudb has it.
func (s *Server) Database(name string) (*Database, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.databases[name]; d != nil {
		return d, nil
	}
	return nil, status.Error(codes.NotFound, "database does not exist")
}

// Create creates a database, with settings or the usual ones.
func (s *Server) Create(name string, settings *schema.DatabaseNullableSettings) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.databases[name] != nil {
		return status.Errorf(codes.AlreadyExists, "database %s already exists", name)
	}
	if settings == nil {
		settings = &schema.DatabaseNullableSettings{}
	}
	s.databases[name] = newDatabase(s, name, proto.CloneOf(settings))
	return nil
}

// Restart is what a crash does to the server: everything that is on its disk is there again.
func (s *Server) Restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.databases {
		d.mu.Lock()
		d.reopen()
		d.mu.Unlock()
	}
}

// Settings are a database's settings, a copy.
func (d *Database) Settings() *schema.DatabaseNullableSettings {
	d.mu.Lock()
	defer d.mu.Unlock()
	return proto.CloneOf(d.settings)
}

// Update changes settings of a database, which is closed and opened again for that. It reports false, and changes
// nothing, while a commit waits.
func (d *Database) Update(settings *schema.DatabaseNullableSettings) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting > 0 {
		return false
	}
	part := d.settings.GetReplicationSettings()
	if part == nil {
		part = &schema.ReplicationNullableSettings{}
	}
	override(part, settings.GetReplicationSettings())
	override(d.settings, settings)
	d.settings.ReplicationSettings = part
	d.reopen()
	return true
}

// override sets the fields of a message that another one has.
func override(to, from proto.Message) {
	changed := to.ProtoReflect()
	from.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		changed.Set(field, value)
		return true
	})
}

// Part is a database's part in the replication.
type Part struct {
	Replica bool
	// Host and Port are those of the machine that a replica copies from; "" for none.
	Host string
	Port int
	// Life counts how often the database was opened.
	Life int
}

// Part is the database's part.
func (d *Database) Part() Part {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := d.settings.GetReplicationSettings()
	return Part{Replica: r.GetReplica().GetValue(), Host: r.GetPrimaryHost().GetValue(),
		Port: int(r.GetPrimaryPort().GetValue()), Life: d.life}
}
