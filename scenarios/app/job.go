package main

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// runJob fails as often as it was told to, then succeeds. The count outlives the container in JOB_STATE.
func runJob(config Config, log *Logger) int {
	attempt, err := nextAttempt(config.JobState)
	if err != nil {
		log.fatal("cannot count attempts: %v", err)
		return 1
	}
	log.info("importing orders attempt=%d", attempt)
	time.Sleep(config.JobDuration)
	if attempt <= config.JobFailures {
		log.error("import failed: upstream returned 502 Bad Gateway after %d of 500 rows", 90+attempt*14)
		log.fatal("giving up attempt=%d, the scheduler will try again", attempt)
		return 1
	}
	log.info("import finished rows=500 attempt=%d", attempt)
	return 0
}

func nextAttempt(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	last, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return last + 1, os.WriteFile(path, []byte(strconv.Itoa(last+1)), 0o600)
}
