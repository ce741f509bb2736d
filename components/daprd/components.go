package main

import (
	"github.com/dapr/components-contrib/nameresolution/mdns"
	"github.com/dapr/components-contrib/nameresolution/nameformat"
	resolversqlite "github.com/dapr/components-contrib/nameresolution/sqlite"
	"github.com/dapr/components-contrib/pubsub/jetstream"
	"github.com/dapr/components-contrib/state/mongodb"
	statesqlite "github.com/dapr/components-contrib/state/sqlite"
	"github.com/dapr/dapr/pkg/components/bindings"
	"github.com/dapr/dapr/pkg/components/configuration"
	"github.com/dapr/dapr/pkg/components/conversation"
	"github.com/dapr/dapr/pkg/components/crypto"
	"github.com/dapr/dapr/pkg/components/lock"
	"github.com/dapr/dapr/pkg/components/middleware/http"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
	"github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/kit/logger"
)

// builtin lists the components that this sidecar can load. The kinds that corebank
// does not use are empty instead of nil, so that Dapr refuses a file with such a
// component with its own message.
func builtin(log logger.Logger) *registry.Options {
	topics := pubsub.NewRegistry()
	topics.Logger = log
	topics.RegisterComponent(withRedaction(jetstream.NewJetStream), "jetstream")

	stores := state.NewRegistry()
	stores.Logger = log
	stores.RegisterComponent(statesqlite.NewSQLiteStateStore, "sqlite", "sqlite3")
	stores.RegisterComponent(mongodb.NewMongoDB, "mongodb")

	// A file that the sidecars share keeps each bank's names to itself and needs
	// no multicast. Dapr uses mDNS if nothing is configured.
	names := nameresolution.NewRegistry()
	names.Logger = log
	names.RegisterComponent(withCache(resolversqlite.NewResolver), "sqlite")
	names.RegisterComponent(mdns.NewResolver, "mdns")
	names.RegisterComponent(nameformat.NewResolver, "nameformat") // the containers of docker-compose.yml

	return registry.NewOptions().
		WithPubSubs(topics).
		WithStateStores(stores).
		WithNameResolutions(names).
		WithSecretStores(secretstores.NewRegistry()).
		WithConfigurations(configuration.NewRegistry()).
		WithLocks(lock.NewRegistry()).
		WithBindings(bindings.NewRegistry()).
		WithCryptoProviders(crypto.NewRegistry()).
		WithHTTPMiddlewares(http.NewRegistry()).
		WithConversations(conversation.NewRegistry())
}
