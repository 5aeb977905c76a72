package main

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is everything that a deployment can set. Each field names its environment variable.
type Config struct {
	Mode    string // MODE: serve (default), load or job
	Name    string // SERVICE_NAME: shown in the log
	Version string // VERSION: shown in the log
	Port    int    // PORT

	StartDelay    time.Duration // START_DELAY: time until ready, as of a cache that is filled first
	ShutdownDelay time.Duration // SHUTDOWN_DELAY: time that open work gets after SIGTERM

	Workers   int // WORKERS: requests worked on at once
	QueueSize int // QUEUE_SIZE: requests that may wait; more are answered 503

	CacheTTL  time.Duration // CACHE_TTL: how long a result is kept
	CacheItem int           // CACHE_ITEM_KIB: memory that one result takes
	CacheMax  int           // CACHE_MAX_MIB: results together never take more
	Checkout  bool          // FEATURE_CHECKOUT_V2: a switch, as every service has some

	DependencyURL     string        // DEPENDENCY_URL: what must answer before this is ready
	DependencyTimeout time.Duration // DEPENDENCY_TIMEOUT

	TargetURL string  // TARGET_URL: where load is sent
	Rate      float64 // RATE: requests a second

	JobFailures int           // JOB_FAILURES: attempts that fail before one succeeds
	JobState    string        // JOB_STATE: file in which attempts are counted
	JobDuration time.Duration // JOB_DURATION
}

// readConfig returns the configuration and one sentence for every variable that cannot be used.
func readConfig(getenv func(string) string) (Config, []string) {
	reader := &envReader{getenv: getenv}
	config := Config{
		Mode:              reader.oneOf("MODE", "serve", "serve", "load", "job"),
		Name:              reader.text("SERVICE_NAME", "app"),
		Version:           reader.text("VERSION", "1.0.0"),
		Port:              reader.number("PORT", 8080, 1, 65535),
		StartDelay:        reader.duration("START_DELAY", 0),
		ShutdownDelay:     reader.duration("SHUTDOWN_DELAY", 0),
		Workers:           reader.number("WORKERS", 4, 1, 256),
		QueueSize:         reader.number("QUEUE_SIZE", 64, 1, 4096),
		CacheTTL:          reader.duration("CACHE_TTL", 30*time.Second),
		CacheItem:         reader.number("CACHE_ITEM_KIB", 16, 0, 65536),
		CacheMax:          reader.number("CACHE_MAX_MIB", 16, 0, 4096),
		Checkout:          reader.flag("FEATURE_CHECKOUT_V2", false),
		DependencyURL:     reader.address("DEPENDENCY_URL"),
		DependencyTimeout: reader.duration("DEPENDENCY_TIMEOUT", time.Second),
		TargetURL:         reader.address("TARGET_URL"),
		Rate:              float64(reader.number("RATE", 1, 0, 1000)),
		JobFailures:       reader.number("JOB_FAILURES", 0, 0, 100),
		JobState:          reader.text("JOB_STATE", os.TempDir()+"/attempts"),
		JobDuration:       reader.duration("JOB_DURATION", time.Second),
	}
	return config, reader.problems
}

type envReader struct {
	getenv   func(string) string
	problems []string
}

func (r *envReader) complain(name string, reason any) {
	r.problems = append(r.problems, fmt.Sprintf("%s=%q: %v", name, r.getenv(name), reason))
}

func (r *envReader) text(name, fallback string) string {
	if value := r.getenv(name); value != "" {
		return value
	}
	return fallback
}

func (r *envReader) number(name string, fallback, low, high int) int {
	text := r.getenv(name)
	if text == "" {
		return fallback
	}
	value, err := strconv.Atoi(text)
	if err != nil || value < low || value > high {
		r.complain(name, fmt.Sprintf("must be a whole number from %d to %d", low, high))
		return fallback
	}
	return value
}

func (r *envReader) duration(name string, fallback time.Duration) time.Duration {
	text := r.getenv(name)
	if text == "" {
		return fallback
	}
	value, err := time.ParseDuration(text)
	if err != nil {
		r.complain(name, err)
		return fallback
	}
	return value
}

func (r *envReader) flag(name string, fallback bool) bool {
	text := r.getenv(name)
	if text == "" {
		return fallback
	}
	value, err := strconv.ParseBool(text)
	if err != nil {
		r.complain(name, "must be true or false")
	}
	return value
}

func (r *envReader) oneOf(name, fallback string, allowed ...string) string {
	value := r.text(name, fallback)
	if !slices.Contains(allowed, value) {
		r.complain(name, "must be one of "+strings.Join(allowed, ", "))
	}
	return value
}

func (r *envReader) address(name string) string {
	text := r.getenv(name)
	if text == "" {
		return ""
	}
	if parsed, err := url.Parse(text); err != nil || parsed.Host == "" {
		r.complain(name, "must be a URL such as http://catalog:8080/livez")
	}
	return text
}
