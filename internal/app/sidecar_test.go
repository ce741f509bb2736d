package app_test

import (
	"testing"

	"corebank/internal/app"
)

func TestWhereASidecarIs(t *testing.T) {
	for what, c := range map[string]struct {
		env     map[string]string
		address string
		secure  bool
	}{
		"nothing is said":   {nil, "127.0.0.1:50001", false},
		"a port":            {map[string]string{"DAPR_GRPC_PORT": "7"}, "127.0.0.1:7", false},
		"host and port":     {map[string]string{"DAPR_GRPC_ENDPOINT": "dapr:7", "DAPR_GRPC_PORT": "8"}, "dapr:7", false},
		"a URL":             {map[string]string{"DAPR_GRPC_ENDPOINT": "http://dapr:7/"}, "dapr:7", false},
		"a URL, encrypted":  {map[string]string{"DAPR_GRPC_ENDPOINT": "https://dapr:7"}, "dapr:7", true},
		"a socket's path":   {map[string]string{"DAPR_GRPC_ENDPOINT": "unix:///run/dapr.socket"}, "unix:///run/dapr.socket", false},
		"a socket, shorter": {map[string]string{"DAPR_GRPC_ENDPOINT": "unix:dapr.socket"}, "unix:dapr.socket", false},
	} {
		address, secure := app.SidecarAddress(func(name string) string { return c.env[name] })
		if address != c.address || secure != c.secure {
			t.Errorf("%s: %s, encrypted %t; want %s, %t", what, address, secure, c.address, c.secure)
		}
	}
}
