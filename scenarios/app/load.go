package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// connectTimeout keeps what nobody could take from piling up: it would flood the first pod that comes back, and that one the next.
const connectTimeout = time.Second

// Load sends requests at a steady rate, whether or not earlier ones were answered.
type Load struct {
	target   string
	rate     atomic.Uint64 // bits of a float64
	log      *Logger
	client   *http.Client
	answered sync.Map // status text -> *atomic.Int64
	open     chan struct{}
}

func newLoad(config Config, log *Logger) *Load {
	load := &Load{target: config.TargetURL, log: log, open: make(chan struct{}, 512)}
	load.rate.Store(math.Float64bits(config.Rate))
	// A new connection for each request: a Service spreads connections, not requests.
	transport := &http.Transport{DisableKeepAlives: true, DialContext: (&cachedDialer{}).dial}
	load.client = &http.Client{Timeout: 20 * time.Second, Transport: transport}
	return load
}

func runLoad(config Config, log *Logger) int {
	load := newLoad(config, log)
	go load.report()
	go load.send()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("POST /rate", load.setRate)
	err := (&http.Server{Addr: fmt.Sprintf(":%d", config.Port), Handler: mux, ReadHeaderTimeout: 5 * time.Second}).ListenAndServe()
	log.fatal("cannot serve: %v", err)
	return 1
}

func (l *Load) setRate(w http.ResponseWriter, r *http.Request) {
	rate, err := strconv.ParseFloat(r.URL.Query().Get("rps"), 64)
	if err != nil || rate < 0 || rate > 1000 {
		http.Error(w, "rps must be a number from 0 to 1000", http.StatusBadRequest)
		return
	}
	l.rate.Store(math.Float64bits(rate))
	l.log.info("sending %g requests a second to %s", rate, l.target)
	fmt.Fprintln(w, "ok")
}

func (l *Load) send() {
	for next := time.Now(); ; {
		rate := math.Float64frombits(l.rate.Load())
		if rate == 0 {
			time.Sleep(100 * time.Millisecond)
			next = time.Now()
			continue
		}
		next = next.Add(time.Duration(float64(time.Second) / rate))
		time.Sleep(time.Until(next))
		select {
		case l.open <- struct{}{}:
			go l.one()
		default:
			l.count("not sent")
		}
	}
}

func (l *Load) one() {
	defer func() { <-l.open }()
	response, err := l.client.Get(l.target)
	if err != nil {
		l.count("no answer")
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	l.count(strconv.Itoa(response.StatusCode))
}

func (l *Load) count(outcome string) {
	counter, _ := l.answered.LoadOrStore(outcome, new(atomic.Int64))
	counter.(*atomic.Int64).Add(1)
}

func (l *Load) report() {
	for range time.Tick(10 * time.Second) {
		line := ""
		l.answered.Range(func(outcome, counter any) bool {
			line += fmt.Sprintf(" %q=%d", outcome, counter.(*atomic.Int64).Load())
			return true
		})
		l.log.info("answers%s", line)
	}
}

// cachedDialer looks a name up every half minute, not for each request: the cluster's DNS is not what is under load.
type cachedDialer struct {
	mutex   sync.Mutex
	host    string
	ip      string
	expires time.Time
}

func (d *cachedDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	ip, err := d.lookup(ctx, host)
	if err != nil {
		return nil, err
	}
	return (&net.Dialer{Timeout: connectTimeout}).DialContext(ctx, network, net.JoinHostPort(ip, port))
}

func (d *cachedDialer) lookup(ctx context.Context, host string) (string, error) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.host == host && time.Now().Before(d.expires) {
		return d.ip, nil
	}
	// One lost datagram must not hold up everybody who waits for the answer.
	soon, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := net.DefaultResolver.LookupHost(soon, host)
	if err != nil {
		return "", err
	}
	d.host, d.ip, d.expires = host, found[0], time.Now().Add(30*time.Second)
	return d.ip, nil
}
