package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	dependencyPeriod = 2 * time.Second
	failuresToTrip   = 2
)

// Dependency asks another service whether it lives, and remembers the answer for the readiness check.
type Dependency struct {
	url      string
	client   *http.Client
	log      *Logger
	failures atomic.Int64
	answered atomic.Bool
}

func newDependency(config Config, log *Logger) *Dependency {
	client := &http.Client{Timeout: config.DependencyTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	return &Dependency{url: config.DependencyURL, client: client, log: log}
}

func (d *Dependency) healthy() bool {
	return d.url == "" || (d.answered.Load() && d.failures.Load() < failuresToTrip)
}

func (d *Dependency) watch() {
	if d.url == "" {
		return
	}
	for ; ; time.Sleep(dependencyPeriod) {
		d.check()
	}
}

func (d *Dependency) check() {
	err := d.ask()
	if err == nil {
		if d.failures.Swap(0) >= failuresToTrip {
			d.log.info("dependency %s answers again", d.url)
		}
		d.answered.Store(true)
		return
	}
	failures := d.failures.Add(1)
	d.log.error("dependency check failed request_id=%s attempt=%d error=%q", requestID(), failures, err)
	if failures == failuresToTrip {
		d.log.warn("dependency %s is unavailable, leaving the load balancer until it answers", d.url)
	}
}

func (d *Dependency) ask() error {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, d.url, nil)
	if err != nil {
		return err
	}
	response, err := d.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("GET %s: unexpected status %s", d.url, response.Status)
	}
	return nil
}
