package main

import (
	"context"
	"sync/atomic"
	"time"
)

// shedMemory is how long a pod that had to turn requests away stays out of the Service.
const shedMemory = 15 * time.Second

// Pool works on a bounded number of requests at once and lets a bounded number wait.
type Pool struct {
	workers  chan struct{}
	waiting  atomic.Int64
	size     int64
	shed     atomic.Int64
	done     atomic.Int64
	lastShed atomic.Int64 // nanoseconds since the epoch
	lastLine atomic.Int64
	log      *Logger
}

func newPool(config Config, log *Logger) *Pool {
	return &Pool{workers: make(chan struct{}, config.Workers), size: int64(config.QueueSize), log: log}
}

// do runs one request: `cost` of CPU time, then `wait` as for a slow disk. False means that the queue was full.
// A request whose sender has left while it waited is not worked on: nobody would read the answer.
func (p *Pool) do(ctx context.Context, cost, wait time.Duration) bool {
	if p.waiting.Add(1) > p.size {
		p.waiting.Add(-1)
		p.turnAway(time.Now())
		return false
	}
	p.workers <- struct{}{}
	defer func() { <-p.workers }()
	p.waiting.Add(-1)
	if ctx.Err() != nil {
		return true
	}
	burn(cost)
	time.Sleep(wait)
	p.done.Add(1)
	return true
}

func (p *Pool) turnAway(now time.Time) {
	p.shed.Add(1)
	p.lastShed.Store(now.UnixNano())
	last := p.lastLine.Load()
	if now.UnixNano()-last > int64(500*time.Millisecond) && p.lastLine.CompareAndSwap(last, now.UnixNano()) {
		p.log.warn("request queue full (%d/%d), shedding load shed_total=%d", p.size, p.size, p.shed.Load())
	}
}

func (p *Pool) shedding(now time.Time) bool {
	last := p.lastShed.Load()
	return last != 0 && now.UnixNano()-last < int64(shedMemory)
}

var sink atomic.Uint64

func burn(cost time.Duration) {
	sum := uint64(1)
	for end := time.Now().Add(cost); time.Now().Before(end); {
		for range 1000 {
			sum = sum*6364136223846793005 + 1442695040888963407
		}
	}
	sink.Store(sum)
}
