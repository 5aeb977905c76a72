package main

import (
	"bytes"
	"path/filepath"
	"testing"
)

func TestJobFailsAsOftenAsToldAndThenSucceeds(t *testing.T) {
	config := Config{JobFailures: 2, JobState: filepath.Join(t.TempDir(), "attempts")}
	var out bytes.Buffer
	for attempt, want := range []int{1, 1, 0} {
		if got := runJob(config, newLogger(&out, "import")); got != want {
			t.Errorf("attempt %d ended with %d, want %d", attempt+1, got, want)
		}
	}
}
