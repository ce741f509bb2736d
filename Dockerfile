# One image for every corebank process: the command decides which it is.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /corebank ./cmd/corebank

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /corebank /corebank
COPY --from=build /src/LICENSE /src/THIRD_PARTY.md /
# Where the event source keeps its index of idempotency keys, unless --state-dir says else.
WORKDIR /home/nonroot
ENTRYPOINT ["/corebank"]
