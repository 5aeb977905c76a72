package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

func startServer(t *testing.T, pairs map[string]string) (*Server, *httptest.Server, *bytes.Buffer) {
	t.Helper()
	config, problems := readConfig(environment(pairs))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var out bytes.Buffer
	server := newServer(config, newLogger(&out, "test"))
	listener := httptest.NewServer(server.handler())
	t.Cleanup(listener.Close)
	return server, listener, &out
}

func status(t *testing.T, method, url string) int {
	t.Helper()
	request, _ := http.NewRequest(method, url, strings.NewReader("one\ntwo"))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

func TestSlowStartIsNotReadyUntilItIsOver(t *testing.T) {
	server, _, _ := startServer(t, map[string]string{"START_DELAY": "10s"})
	if reason := server.notReady(server.started.Add(9 * time.Second)); !strings.Contains(reason, "warming up") {
		t.Errorf("got %q", reason)
	}
	if reason := server.notReady(server.started.Add(11 * time.Second)); reason != "" {
		t.Errorf("got %q", reason)
	}
}

func TestFullQueueShedsAndStaysUnreadyForAWhile(t *testing.T) {
	server, listener, out := startServer(t, map[string]string{"WORKERS": "1", "QUEUE_SIZE": "1"})
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() { status(t, "GET", listener.URL+"/work?wait=200") })
	}
	group.Wait()
	if !strings.Contains(out.String(), "request queue full (1/1), shedding load") {
		t.Errorf("nothing was shed:\n%s", out)
	}
	now := time.Now()
	if server.notReady(now) == "" || server.notReady(now.Add(shedMemory+time.Second)) != "" {
		t.Error("must be unready now and ready again later")
	}
}

func TestHangAnswersNothingAndLogsNothing(t *testing.T) {
	_, listener, out := startServer(t, nil)
	if code := status(t, "POST", listener.URL+"/debug/hang"); code != http.StatusOK {
		t.Fatal(code)
	}
	before := out.Len()
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	request, _ := http.NewRequestWithContext(ctx, "GET", listener.URL+"/readyz", nil)
	if response, err := http.DefaultClient.Do(request); err == nil {
		response.Body.Close()
		t.Errorf("it answered %s", response.Status)
	}
	if out.Len() != before {
		t.Errorf("it logged:\n%s", out)
	}
}

func TestUnreachableDependencyIsLoggedAndMakesUnready(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	server, _, out := startServer(t, map[string]string{"DEPENDENCY_URL": gone.URL})
	server.dependency.check()
	if reason := server.notReady(time.Now()); reason != "" {
		t.Fatalf("not ready although it answered: %s", reason)
	}
	gone.Close()
	for range failuresToTrip {
		server.dependency.check()
	}
	if reason := server.notReady(time.Now()); !strings.Contains(reason, "dependency unavailable") {
		t.Errorf("got %q", reason)
	}
	if !strings.Contains(out.String(), "connect: connection refused") {
		t.Errorf("the cause is not in the log:\n%s", out)
	}
}

func TestCacheNeverExceedsItsBoundAndForgetsInTime(t *testing.T) {
	config, _ := readConfig(environment(map[string]string{"CACHE_ITEM_KIB": "256", "CACHE_MAX_MIB": "1", "CACHE_TTL": "10s"}))
	cache, now := newCache(config), time.Now()
	for range 20 {
		if err := cache.add(now); err != nil {
			t.Fatal(err)
		}
	}
	if items := cache.tidy(now); items != 4 {
		t.Errorf("%d items of 256 KiB in 1 MiB", items)
	}
	if items := cache.tidy(now.Add(11 * time.Second)); items != 0 {
		t.Errorf("%d items outlived their time", items)
	}
}

func TestLeakKeepsMemoryForEveryRequest(t *testing.T) {
	_, listener, _ := startServer(t, nil)
	status(t, "POST", listener.URL+"/debug/leak?kib=8192")
	before := residentBytes()
	for range 4 {
		status(t, "GET", listener.URL+"/work")
	}
	if grown := residentBytes() - before; grown < 24*mib {
		t.Errorf("grew by only %d MiB", grown/mib)
	}
}

func TestWatermarkIsAShareOfTheLimit(t *testing.T) {
	if aboveWatermark(84, 100) || !aboveWatermark(86, 100) || aboveWatermark(86, 0) {
		t.Error("85 % of a limit, and never without one")
	}
}

func TestUsersTextIsLoggedOnOneLineEach(t *testing.T) {
	_, listener, out := startServer(t, nil)
	status(t, "POST", listener.URL+"/debug/log")
	if strings.Count(out.String(), "feedback received") != 2 {
		t.Errorf("got:\n%s", out)
	}
}
