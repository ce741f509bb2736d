# One image for every corebank process: the command decides which it is.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /corebank ./cmd/corebank

# --target daprd: Dapr's sidecar with corebank's components, for compose.cluster.yaml. Unlike the
# official one it notices when the placement's leader is cut off or stands still.
FROM golang:1.26-bookworm AS build-daprd
WORKDIR /src
COPY components/daprd/go.mod components/daprd/go.sum ./
RUN go mod download
COPY components/daprd .
RUN version=$(go list -m -f '{{.Version}}' github.com/dapr/dapr) && CGO_ENABLED=0 go build -trimpath -o /daprd \
    -ldflags="-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=${version#v}" .

FROM gcr.io/distroless/static-debian12:nonroot AS daprd
COPY --from=build-daprd /daprd /daprd
COPY LICENSE /
WORKDIR /

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /corebank /corebank
COPY --from=build /src/LICENSE /src/THIRD_PARTY.md /
# Where the event source keeps its index of idempotency keys, unless --state-dir says else.
WORKDIR /home/nonroot
ENTRYPOINT ["/corebank"]
