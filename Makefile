# What people who work on corebank call every day. CONTRIBUTING.md says when.

GO       ?= go
GOLANGCI ?= v2.15.0
TIMEOUT  ?= 30m

# The packages whose goroutines share state. The race detector slows them by
# about ten times, so the packages that are plain values are left out.
RACE = ./actor/... ./eventsource ./eventsource/storage ./eventsource/sequencer ./projector ./server ./server/socket \
       ./server/connlimit ./internal/app ./internal/batcher ./internal/identity/oidc ./internal/lease \
       ./internal/logclient ./internal/tracing ./localbank/...

# docker-compose.yml with an issuer of its own, for "make demo".
DEMO        = docker compose --env-file .env.demo -f docker-compose.yml -f compose.demo.yaml
DEMO_ISSUER = http://127.0.0.1:9000
CLUSTER     = docker compose --env-file .env.cluster -f compose.cluster.yaml

.PHONY: help generate check lint test race bench release demo demo-down cluster cluster-down

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

generate: ## refresh all generated code, pages and golden files
	$(GO) generate ./...

check: lint ## formatting, vet, linters and the repository's own rules
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these files"; exit 1; }
	$(GO) vet ./...
	$(GO) test ./check/tidy

lint: ## golangci-lint, built from its Go module
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI) run ./...

test: ## the README's test command
	$(GO) test -timeout $(TIMEOUT) ./...

release: ## archives for every system in dist/, with licences, SBOMs, checksums and a signature
	$(GO) run ./cmd/release

race: ## the concurrent packages under the race detector
	$(GO) test -race -short -timeout $(TIMEOUT) $(RACE)

bench: ## every scenario in short: rates, waits, processor time by process
	$(GO) run ./cmd/corebank bench --quick

demo: ## try the whole bank in containers: image, secrets, start, a token to sign in
	docker build --quiet --tag corebank .
	@test -s .env.demo || { umask 077; docker run --rm corebank secrets --passwords >.env.new && \
		echo COREBANK_ISSUER=$(DEMO_ISSUER) >>.env.new && mv .env.new .env.demo; }
	$(DEMO) up --wait
	@echo "The bank: http://127.0.0.1:$${COREBANK_DEMO_PORT:-8080}/console/; make demo-down removes it. Paste this to sign in:"
	@$(DEMO) exec -T server /corebank token --data /home/nonroot

demo-down: ## stop what "make demo" started, and remove its data and secrets
	$(DEMO) down --volumes
	rm -f .env.demo

cluster: ## try the bank on three machines, in containers: docs/machines.md says what to do to them
	docker build --quiet --tag corebank .
	docker build --quiet --target daprd --tag corebank-daprd .
	@test -s .env.cluster || { umask 077; docker run --rm corebank secrets --machines 3 --passwords >.env.new && \
		mv .env.new .env.cluster; }
	$(CLUSTER) up --wait
	@echo "The gateways: http://127.0.0.1:8081/console/, 8082 and 8083; make cluster-down removes them. To sign in:"
	@$(CLUSTER) exec -T server-1 /corebank token --data /demo

cluster-down: ## stop what "make cluster" started, and remove its data and secrets
	$(CLUSTER) down --volumes
	rm -f .env.cluster
