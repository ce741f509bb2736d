package ledger

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"corebank/internal/app"
)

// connections to PostgreSQL are enough for commands to share an fsync. Between 8
// and 32, a machine with other work showed no difference above its noise.
const connections = 32

// Serve serves the ledger in a database until ctx ends.
func Serve(ctx context.Context, listen, database string) error {
	opened, err := Open(ctx, database, connections)
	if err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	defer opened.Close()
	lis, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", listen, err)
	}
	return app.ServeHTTP(ctx, lis, &http.Server{
		Handler: Handler(opened), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
	})
}
