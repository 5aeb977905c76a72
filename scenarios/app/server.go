package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// Server is the service in MODE=serve.
type Server struct {
	config     Config
	log        *Logger
	pool       *Pool
	cache      *Cache
	dependency *Dependency
	started    time.Time
	requests   atomic.Int64
	leak       atomic.Int64 // bytes kept for ever by each request
	refusing   atomic.Bool
	draining   atomic.Bool
	hung       chan struct{} // closed once the process hangs
}

func newServer(config Config, log *Logger) *Server {
	return &Server{
		config: config, log: log, pool: newPool(config, log), cache: newCache(config),
		dependency: newDependency(config, log), started: time.Now(), hung: make(chan struct{}),
	}
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.ready)
	mux.HandleFunc("GET /work", s.work)
	mux.HandleFunc("GET /metrics", s.metrics)
	s.addDebug(mux)
	return s.hangable(mux)
}

func runServer(config Config, log *Logger) int {
	server := newServer(config, log)
	go server.dependency.watch()
	go server.report()
	listener := &http.Server{
		Addr: fmt.Sprintf(":%d", config.Port), Handler: server.handler(), ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- listener.ListenAndServe() }()
	log.info("listening on %s workers=%d queue=%d cache_ttl=%s", listener.Addr, config.Workers, config.QueueSize, config.CacheTTL)
	return server.waitForEnd(listener, failed)
}

func (s *Server) waitForEnd(listener *http.Server, failed <-chan error) int {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	select {
	case err := <-failed:
		s.log.fatal("cannot serve: %v", err)
		return 1
	case <-signals:
	}
	s.draining.Store(true)
	s.log.info("SIGTERM received, draining for up to %s", s.config.ShutdownDelay)
	s.drain()
	deadline, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := listener.Shutdown(deadline); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		s.log.error("shutdown: %v", err)
	}
	s.log.info("stopped")
	return 0
}

// drain gives open work its time. A process that hangs does not even hear the signal.
func (s *Server) drain() {
	select {
	case <-s.hung:
		select {}
	case <-time.After(s.config.ShutdownDelay):
	}
}

// notReady returns why this pod should get no requests, or an empty string.
func (s *Server) notReady(now time.Time) string {
	switch {
	case s.draining.Load():
		return "draining"
	case now.Sub(s.started) < s.config.StartDelay:
		return fmt.Sprintf("warming up, %s left", (s.config.StartDelay - now.Sub(s.started)).Round(time.Second))
	case !s.dependency.healthy():
		return "dependency unavailable: " + s.config.DependencyURL
	case s.refusing.Load():
		return "memory watermark exceeded"
	case s.pool.shedding(now):
		return "shedding load"
	}
	return ""
}

func (s *Server) ready(w http.ResponseWriter, _ *http.Request) {
	if reason := s.notReady(time.Now()); reason != "" {
		http.Error(w, reason, http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (s *Server) work(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := requestID()
	number := s.requests.Add(1)
	if s.refusing.Load() {
		http.Error(w, "low on memory", http.StatusServiceUnavailable)
		return
	}
	if !s.pool.do(r.Context(), milliseconds(r, "cost"), milliseconds(r, "wait")) {
		http.Error(w, "overloaded", http.StatusServiceUnavailable)
		return
	}
	if err := s.remember(began); err != nil {
		s.log.error("request_id=%s cannot keep the result: %v", id, err)
	}
	took := time.Since(began)
	s.describe(id, number, took)
	fmt.Fprintf(w, "done in %s\n", took.Round(time.Millisecond))
}

func (s *Server) remember(now time.Time) error {
	if size := s.leak.Load(); size > 0 {
		if _, err := block(int(size)); err != nil {
			return err
		}
	}
	s.checkMemory()
	return s.cache.add(now)
}

func (s *Server) checkMemory() {
	if s.leak.Load() == 0 || s.refusing.Load() {
		return
	}
	used, limit := residentBytes(), limitBytes()
	if aboveWatermark(used, limit) && s.refusing.CompareAndSwap(false, true) {
		s.log.error("memory watermark exceeded: heap %d MiB of %d MiB (limit), refusing work", used/mib, limit/mib)
	}
}

func (s *Server) describe(id string, number int64, took time.Duration) {
	if number%10 == 1 {
		s.log.info("request_id=%s method=GET path=/work status=200 duration=%s", id, took.Round(time.Millisecond))
	}
	if number%97 == 0 {
		s.log.warn("request_id=%s slow upstream response, served from cache age=%ds", id, number%30)
	}
}

// report writes a line of numbers every ten seconds, as services do.
func (s *Server) report() {
	for range time.Tick(10 * time.Second) {
		items := s.cache.tidy(time.Now())
		s.log.info("stats requests=%d done=%d shed=%d waiting=%d cache_items=%d rss_mib=%d", s.requests.Load(),
			s.pool.done.Load(), s.pool.shed.Load(), s.pool.waiting.Load(), items, residentBytes()/mib)
		if s.refusing.Load() {
			s.log.error("memory watermark exceeded: heap %d MiB of %d MiB (limit), refusing work",
				residentBytes()/mib, limitBytes()/mib)
		}
	}
}

func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintf(w, "app_requests_total %d\napp_requests_done_total %d\napp_requests_shed_total %d\n",
		s.requests.Load(), s.pool.done.Load(), s.pool.shed.Load())
	fmt.Fprintf(w, "app_queue_length %d\napp_queue_capacity %d\napp_resident_bytes %d\n",
		s.pool.waiting.Load(), s.pool.size, residentBytes())
}

func milliseconds(r *http.Request, name string) time.Duration {
	value, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil || value < 0 || value > 60_000 {
		return 0
	}
	return time.Duration(value) * time.Millisecond
}
