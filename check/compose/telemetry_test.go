//go:build linux

package compose

import (
	"regexp"
	"strings"
	"testing"
)

// A variable of OpenTelemetry in the file of variables, which turns nothing on.
const telemetryVariable, telemetryValue = "OTEL_TRACES_EXPORTER", "none"

// telemetrySet finds what is set: Docker keeps a name without a value to unset the image's.
var telemetrySet = regexp.MustCompile(`\bOTEL_\w+=`)

// checkTelemetry: what .env says of OpenTelemetry reaches the apps, and the apps only: a
// sidecar would send spans of its own. What it does not say is not set.
func checkTelemetry(t *testing.T, p *project) {
	t.Helper()
	app := regexp.MustCompile(`^(server|actor|eventsource|projector)(-\d)?$`)
	apps := 0
	for _, service := range p.services(t) {
		environment, err := p.state(t.Context(), service, "{{.Config.Env}}")
		if err != nil {
			t.Error(err)
			continue
		}
		set := len(telemetrySet.FindAllString(environment, -1))
		if !app.MatchString(service) {
			if set > 0 {
				t.Errorf("%s has variables of OpenTelemetry", service)
			}
			continue
		}
		apps++
		if set != 1 || !strings.Contains(environment, telemetryVariable+"="+telemetryValue) {
			t.Errorf("%s has %d variables of OpenTelemetry, want %s", service, set, telemetryVariable)
		}
	}
	if apps%4 != 0 || apps == 0 {
		t.Errorf("there are %d apps", apps)
	}
}
