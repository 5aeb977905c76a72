package main

import (
	"strings"
	"testing"
	"time"
)

func environment(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func TestDefaultsAreValid(t *testing.T) {
	config, problems := readConfig(environment(nil))
	if len(problems) > 0 || config.Mode != "serve" || config.CacheTTL != 30*time.Second {
		t.Fatalf("got %+v, %v", config, problems)
	}
}

func TestEveryBadValueIsNamedWithWhatItShouldBe(t *testing.T) {
	_, problems := readConfig(environment(map[string]string{
		"CACHE_TTL": "5minutes", "WORKERS": "many", "FEATURE_CHECKOUT_V2": "perhaps", "MODE": "idle", "TARGET_URL": "catalog",
	}))
	said := strings.Join(problems, "\n")
	for _, want := range []string{
		`CACHE_TTL="5minutes": time: unknown unit "minutes"`, `WORKERS="many": must be a whole number from 1 to 256`,
		`FEATURE_CHECKOUT_V2="perhaps": must be true or false`, `MODE="idle": must be one of serve, load, job`,
		`TARGET_URL="catalog": must be a URL`,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is missing in:\n%s", want, said)
		}
	}
}
